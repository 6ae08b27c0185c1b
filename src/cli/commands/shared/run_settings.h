// Settings shared by the commands that run models: which models, their arithmetic, and the devices.
#pragma once

#include <cstddef>
#include <string>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "devices/load_models.h"
#include "models/precision_policy.h"

namespace virnucpro::cli {

struct RunSettings {
  ModelRequest models;
  PrecisionRequest precision;
  /// "auto" or names that the registry of devices knows.
  std::string device = "auto";
  std::size_t threads = 0;       ///< 0: every processor that this process may use
  std::size_t batch_tokens = 0;  ///< 0: chosen by the program
  CommonSettings common;
};

/// The settings of `predict`, `embed`, `precision` or `train`.
RunSettings run_settings(const GivenOptions& options);

}  // namespace virnucpro::cli
