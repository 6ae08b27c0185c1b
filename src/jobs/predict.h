// `predict`: from checked requests and loaded models to the results of a run, through its database.
#pragma once

#include <stop_token>
#include <string>

#include "calls/call_request.h"
#include "jobs/run.h"
#include "report/shard_plan.h"
#include "report/table_choice.h"
#include "run/shard_number.h"

namespace virnucpro {

struct PredictRequest : RunRequest {
  /// Continue the run in `output`, as happens without it, too; where there is none, warn and begin
  /// one.
  bool resume = false;
  /// Continue with what can be proven of a damaged run in `output`.
  bool repair = false;
  ShardNumber shard;
  /// Says which records the shards have, and where these lie; null: each has every N-th record.
  std::shared_ptr<const ShardPlanFile> plan;
  /// The run's database keeps the embeddings of every frame.
  bool keep_embeddings = false;
  /// How records are called by calibrated probabilities.
  CallRequest calls;
  /// The form of the tables.
  TableChoice tables;
};

/// Throws ConfigError when the folder already holds results that belong to no database of a run and
/// `force` is not set, or when it is a file. Call before loading models; the run checks again.
void require_free_prediction_folder(const std::string& folder, bool force);

/// Continues the run whose database is in the folder request.output, or begins one. Results appear
/// there together, or not at all. Memory is bounded for any input. Throws the typed errors of
/// base/errors.h; Interrupted on a stop request. Finished work is then in the database, and the
/// same call continues it.
RunSummary run_predict(const PredictRequest& request, const LoadedModels& models,
                       const RunContext& context, std::stop_token stop = {});

}  // namespace virnucpro
