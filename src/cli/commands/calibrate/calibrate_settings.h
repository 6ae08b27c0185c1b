// The settings of `calibrate`.
#pragma once

#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "fitting/calibrate.h"
#include "weights/embedded_bundle.h"

namespace virnucpro::cli {

struct CalibrateSettings {
  CalibrateRequest request;
  std::string bundle = kEmbeddedBundle;  ///< that the run used
  CommonSettings common;
};

/// Made from the arguments and from all sources.
CalibrateSettings calibrate_settings(const std::vector<std::string>& arguments,
                                     const GivenOptions& options);

}  // namespace virnucpro::cli
