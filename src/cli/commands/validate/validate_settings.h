// The settings of `validate`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"
#include "devices/load_models.h"
#include "sequence/genetic_code.h"

namespace virnucpro::cli {

struct ValidateSettings {
  std::vector<std::string> inputs;
  std::int64_t expected_length = kUsualLength;  ///< without a bundle there is no other length
  GeneticCode genetic_code;
  CommonSettings common;
};

/// Made from the arguments and from all sources.
ValidateSettings validate_settings(const std::vector<std::string>& arguments,
                                   const GivenOptions& options);

}  // namespace virnucpro::cli
