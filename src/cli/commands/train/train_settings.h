// The settings of `train`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/run_settings.h"
#include "config/given_options.h"
#include "fitting/train.h"

namespace virnucpro::cli {

struct TrainSettings {
  std::vector<std::string> inputs;  ///< sequences, embeddings and runs
  TrainRequest request;             ///< except what the command itself and the inputs add
  RunSettings run;
};

/// Made from the arguments and from all sources.
TrainSettings train_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options);

}  // namespace virnucpro::cli
