// The settings of `models verify`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/models/published_check.h"
#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"

namespace virnucpro::cli {

struct VerifySettings {
  std::string bundle;      ///< a name or a folder
  bool published = false;  ///< compare with a stored run, too
  PublishedCheckSettings check;
  CommonSettings common;
};

/// Made from all sources; `arguments` has the bundle.
VerifySettings verify_settings(const std::vector<std::string>& arguments,
                               const GivenOptions& options);

}  // namespace virnucpro::cli
