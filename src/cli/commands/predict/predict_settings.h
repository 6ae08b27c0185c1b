// The settings of `predict`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/commands/shared/run_settings.h"
#include "config/given_options.h"
#include "jobs/predict.h"
#include "jobs/write_records.h"

namespace virnucpro::cli {

struct PredictSettings {
  PredictRequest request;
  std::string sample_sheet;  ///< instead of the inputs of the request; empty: none
  std::string shard_plan;    ///< file of the plan that the shard is of; empty: none
  std::optional<WriteRequest> write;
  RunSettings run;
  std::vector<std::string> no_effect;  ///< flags that were given
};

/// Made from the arguments and from all sources.
PredictSettings predict_settings(const std::vector<std::string>& arguments,
                                 const GivenOptions& options);

}  // namespace virnucpro::cli
