// The settings of `models export`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"

namespace virnucpro::cli {

struct ExportSettings {
  std::string bundle;
  std::string output;
  bool force = false;
  CommonSettings common;
};

/// Made from all sources.
ExportSettings export_settings(const std::vector<std::string>& arguments,
                               const GivenOptions& options);

}  // namespace virnucpro::cli
