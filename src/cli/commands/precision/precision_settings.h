// The settings of `precision`.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/commands/shared/run_settings.h"
#include "config/given_options.h"

namespace virnucpro::cli {

struct PrecisionSettings {
  std::vector<std::string> inputs;
  std::string report_folder;          ///< empty for none
  std::string bundle_folder;          ///< of the bundle with the figures; empty for none
  std::vector<Precision> precisions;  ///< to compare; empty: the default
  std::size_t limit = 1000;           ///< frames to compare; 0: all
  bool force = false;
  RunSettings run;
};

/// Made from the arguments and from all sources.
PrecisionSettings precision_settings(const std::vector<std::string>& arguments,
                                     const GivenOptions& options);

}  // namespace virnucpro::cli
