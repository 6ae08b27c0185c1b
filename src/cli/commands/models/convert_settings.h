// The settings of `models convert`.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "tensor/precision.h"

namespace virnucpro::cli {

struct ConvertSettings {
  std::string bundle;  ///< a name or a folder
  std::string output;
  bool force = false;
  Precision precision = Precision::kInt8;
  std::string device = "auto";
  std::size_t threads = 0;
  CommonSettings common;
};

/// Made from all sources; `arguments` has the bundle.
ConvertSettings convert_settings(const std::vector<std::string>& arguments,
                                 const GivenOptions& options);

}  // namespace virnucpro::cli
