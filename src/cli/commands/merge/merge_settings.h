// The settings of `merge`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "pipeline/merge.h"

namespace virnucpro::cli {

struct MergeSettings {
  MergeRequest request;  ///< but for the command line
  CommonSettings common;
};

/// Of the arguments and of what all sources say.
MergeSettings merge_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options);

}  // namespace virnucpro::cli
