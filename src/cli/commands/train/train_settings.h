// The settings of `train`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/run_settings.h"
#include "config/given_options.h"
#include "pipeline/train_bundle.h"

namespace virnucpro::cli {

struct TrainSettings {
  std::vector<std::string> inputs;  ///< sequences, embeddings and runs
  TrainRequest request;             ///< but for what the command knows of itself and of inputs
  RunSettings run;
};

/// Of the arguments and of what all sources say.
TrainSettings train_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options);

}  // namespace virnucpro::cli
