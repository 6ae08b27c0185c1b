// The results of a benchmark, as a table for users and as JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "bench/benchmark.h"

namespace virnucpro {

/// A line per model, precision and stage, with columns separated by tabs;
/// docs/reference/command_line.md explains them.
std::string bench_table(const BenchReport& report);

/// One JSON object with a line end. Rates are per second, FLOP rates in 10^9.
std::string bench_json(const BenchReport& report, const std::string& program_version);

}  // namespace virnucpro
