// The settings of `estimate` and `shards plan`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bench/estimate.h"
#include "cli/commands/shared/run_settings.h"
#include "config/given_options.h"

namespace virnucpro::cli {

struct EstimateSettings {
  EstimateRequest request;
  RunSettings run;
  std::optional<double> price;  ///< of a device hour
  // Of `shards plan` alone.
  std::optional<double> device_hours;  ///< of each shard; absent: `shards` says the number
  std::uint64_t shards = 0;
  std::string output;                   ///< of the plan; empty: none is written
  std::vector<std::string> for_shards;  ///< words of the options that the shards must have, too
};

/// Made from the arguments and from all sources. ConfigError for inputs that are missing or can be
/// read only once.
EstimateSettings estimate_settings(const std::vector<std::string>& arguments,
                                   const GivenOptions& options);

}  // namespace virnucpro::cli
