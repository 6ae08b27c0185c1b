// The settings of `models import`.
#pragma once

#include "cli/commands/models/published_check.h"
#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "weights/bundle.h"

namespace virnucpro::cli {

struct ImportSettings {
  BundleImport bundle;
  bool no_check = false;  ///< of models that look like the published ones
  PublishedCheckSettings check;
  CommonSettings common;
};

/// Made from all sources. ConfigError for classifiers that are not LENGTH=FILE.
ImportSettings import_settings(const GivenOptions& options);

}  // namespace virnucpro::cli
