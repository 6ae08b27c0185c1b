// The settings of `dataset`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "pipeline/make_dataset.h"

namespace virnucpro::cli {

struct DatasetSettings {
  DatasetRequest request;  ///< but for what the command knows of itself
  bool force = false;
  CommonSettings common;
};

/// Of the arguments and of what all sources say. ConfigError for shares that leave nothing to train
/// on.
DatasetSettings dataset_settings(const std::vector<std::string>& arguments,
                                 const GivenOptions& options);

}  // namespace virnucpro::cli
