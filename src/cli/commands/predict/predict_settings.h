// The settings of `predict`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/run_settings.h"
#include "config/given_options.h"
#include "jobs/predict.h"

namespace virnucpro::cli {

struct PredictSettings {
  PredictRequest request;
  RunSettings run;
};

/// Made from the arguments and from all sources.
PredictSettings predict_settings(const std::vector<std::string>& arguments,
                                 const GivenOptions& options);

}  // namespace virnucpro::cli
