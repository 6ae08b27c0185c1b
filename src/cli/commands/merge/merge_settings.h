// The settings of `merge`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "jobs/merge.h"

namespace virnucpro::cli {

struct MergeSettings {
  MergeRequest request;  ///< except the command line
  CommonSettings common;
};

/// Made from the arguments and from all sources.
MergeSettings merge_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options);

}  // namespace virnucpro::cli
