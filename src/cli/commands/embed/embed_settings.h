// The settings of `embed`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/run_settings.h"
#include "config/given_options.h"
#include "jobs/run.h"

namespace virnucpro::cli {

struct EmbedSettings {
  RunRequest request;
  RunSettings run;
};

/// Made from the arguments and from all sources.
EmbedSettings embed_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options);

}  // namespace virnucpro::cli
