// Whole runs: from requests and loaded models to result files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "calls/call_request.h"
#include "devices/exact_models.h"
#include "devices/load_models.h"
#include "pipeline/progress.h"
#include "pipeline/window.h"
#include "report/run_report.h"
#include "run/shard_number.h"

namespace virnucpro {

/// What is asked of every run. Plain data, checked before.
struct RunRequest {
  /// Paths in the order given; "-" is standard input. Never empty.
  std::vector<std::string> inputs;
  /// The folder of the results, or the HDF5 file.
  std::string output;
  /// Replace the results that `output` holds already; without it such an output is refused.
  bool force = false;
  /// Tokens of one batch; 0: chosen by the program.
  std::size_t batch_tokens = 0;
};

struct PredictRequest : RunRequest {
  /// Continue the run in `output`, as happens without it, too; where there is none, warn and begin
  /// one.
  bool resume = false;
  /// Continue with what can be proven of a damaged run in `output`.
  bool repair = false;
  ShardNumber shard;
  /// The run's database keeps the embeddings of every frame.
  bool keep_embeddings = false;
  /// How records are called by calibrated probabilities.
  CallRequest calls;
};

/// What a run needs beside its request.
struct RunContext {
  std::string program_version;
  std::vector<std::string> command_line;
  PrecisionChoice precision;
  std::string device;  ///< names of the devices (device_names.h)
  /// One worker each; nothing else uses them until the run ends. At least one.
  std::vector<Backend*> backends;
  /// For each backend, the models prepared for its device. Empty: the models of the run serve all
  /// backends.
  std::vector<const LoadedModels*> models;
  std::size_t threads = 1;            ///< of all backends together
  std::size_t numa_nodes = 1;         ///< nodes that they may use
  std::vector<std::string> warnings;  ///< warnings that were logged already
  Log log;
  ProgressSink* progress = nullptr;  ///< may be null
  /// Loads the same models in FP32, for sequences whose values are not finite; may be empty.
  ExactModels::Load load_exact;
  /// Absent: limits_for() the batches. Tests use small ones.
  std::optional<WindowLimits> limits;
};

/// What a run did: the content of run.json, and the files it wrote.
struct RunSummary {
  RunReport report;
  std::vector<std::string> files;
};

/// Throws ConfigError when the output already holds results that belong to no database of a run and
/// `force` is not set, or when the command cannot write them. Call before loading models;
/// the runs check again.
void require_free_prediction_folder(const std::string& folder, bool force);
void require_free_embedding_file(const std::string& file, bool force);

/// Continues the run whose database is in the folder request.output, or begins one. Results appear
/// there together, or not at all. Memory is bounded for any input. Throws the typed errors of
/// base/errors.h; Interrupted on a stop request. Finished work is then in the database, and the
/// same call continues it.
RunSummary run_predict(const PredictRequest& request, const LoadedModels& models,
                       const RunContext& context, std::stop_token stop = {});

/// The same for the HDF5 file request.output; the models need no classifier.
RunSummary run_embed(const RunRequest& request, const LoadedModels& models,
                     const RunContext& context, std::stop_token stop = {});

/// The same without an output: hands each window with its embeddings to `take`, in input order.
RunSummary run_embed_into(const RunRequest& request, const LoadedModels& models,
                          const RunContext& context, const std::function<void(const Window&)>& take,
                          std::stop_token stop = {});

}  // namespace virnucpro
