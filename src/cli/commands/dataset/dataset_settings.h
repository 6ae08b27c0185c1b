// The settings of `dataset`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "fitting/dataset.h"

namespace virnucpro::cli {

struct DatasetSettings {
  DatasetRequest request;  ///< except what the command itself adds
  bool force = false;
  CommonSettings common;
};

/// Made from the arguments and from all sources. ConfigError for shares that leave nothing to train
/// on.
DatasetSettings dataset_settings(const std::vector<std::string>& arguments,
                                 const GivenOptions& options);

}  // namespace virnucpro::cli
