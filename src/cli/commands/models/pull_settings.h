// The settings of `models pull`.
#pragma once

#include <string>
#include <vector>

#include "base/environment.h"
#include "bundles/pull.h"
#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"

namespace virnucpro::cli {

struct PullSettings {
  /// Its model is that of `name`, once the registry has been read.
  PullRequest request;
  std::string name;      ///< empty where only a list is asked for
  std::string registry;  ///< path of a file; empty: the one in the program
  bool list = false;
  CommonSettings common;
};

/// Made from all sources. ConfigError unless there is one name, or --list.
PullSettings pull_settings(const std::vector<std::string>& arguments, const GivenOptions& options,
                           const Environment& environment);

}  // namespace virnucpro::cli
