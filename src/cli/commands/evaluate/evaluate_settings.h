// The settings of `evaluate`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "jobs/evaluate.h"

namespace virnucpro::cli {

struct EvaluateSettings {
  EvaluationRequest request;
  std::string output;  ///< folder of the files; empty for none
  bool force = false;
  CommonSettings common;
};

/// Made from the arguments and from all sources.
EvaluateSettings evaluate_settings(const std::vector<std::string>& arguments,
                                   const GivenOptions& options);

}  // namespace virnucpro::cli
