// What a benchmark found, as a table for people and as JSON for programs.
#pragma once

#include <string>
#include <vector>

#include "bench/benchmark.h"

namespace virnucpro {

/// A line per model, precision and stage, columns separated by tabs; docs/command_line.md has their
/// meaning.
std::string bench_table(const BenchReport& report);

/// One JSON object with a line end. Rates are per second, FLOP rates in 10^9.
std::string bench_json(const BenchReport& report, const std::string& program_version);

}  // namespace virnucpro
