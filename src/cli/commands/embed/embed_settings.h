// The settings of `embed`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/run_settings.h"
#include "config/given_options.h"
#include "pipeline/predict.h"

namespace virnucpro::cli {

struct EmbedSettings {
  RunRequest request;
  RunSettings run;
};

/// Of the arguments and of what all sources say.
EmbedSettings embed_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options);

}  // namespace virnucpro::cli
