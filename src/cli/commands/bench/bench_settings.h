// The settings of `bench`.
#pragma once

#include <string>
#include <vector>

#include "bench/benchmark.h"
#include "cli/commands/shared/common_settings.h"
#include "config/given_options.h"

namespace virnucpro::cli {

struct BenchSettings {
  BenchRequest request;
  std::string json;  ///< file of the figures, "-" for standard output; empty for none
  bool force = false;
  CommonSettings common;
};

/// Made from the arguments and from all sources. ConfigError for lists with unusable entries, and
/// for `--orfs 0` without an input that can be read more than once.
BenchSettings bench_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options);

}  // namespace virnucpro::cli
