// Shared by the operation benchmarks: data, and a check against the reference before timing.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "backend/cpu/cpu_backend.h"
#include "backend/reference/reference_backend.h"
#include "tensor/view.h"

namespace virnucpro {

inline std::vector<float> normal_values(std::int64_t count, std::uint32_t seed, float deviation) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0f, deviation);
  std::vector<float> values(static_cast<std::size_t>(count));
  for (float& value : values) value = normal(generator);
  return values;
}

/// A contiguous float32 matrix that owns its elements.
struct DenseMatrix {
  DenseMatrix(std::int64_t row_count, std::int64_t column_count)
      : rows(row_count),
        columns(column_count),
        values(static_cast<std::size_t>(row_count * column_count)) {}

  static DenseMatrix normal(std::int64_t rows, std::int64_t columns, std::uint32_t seed,
                            float deviation = 1.0f) {
    DenseMatrix matrix(rows, columns);
    matrix.values = normal_values(rows * columns, seed, deviation);
    return matrix;
  }

  Matrix view() { return {values.data(), DataType::kFloat32, rows, columns, columns}; }
  /// The first `count` rows.
  Matrix first(std::int64_t count) {
    return {values.data(), DataType::kFloat32, count, columns, columns};
  }

  std::int64_t rows;
  std::int64_t columns;
  std::vector<float> values;
};

/// True when the first rows * columns values agree; otherwise the benchmark reports an error.
inline bool answers_agree(benchmark::State& state, const DenseMatrix& actual,
                          const DenseMatrix& expected, double tolerance) {
  const std::size_t count = std::min(actual.values.size(), expected.values.size());
  for (std::size_t i = 0; i < count; ++i) {
    const double should = expected.values[i];
    if (!(std::abs(actual.values[i] - should) <= tolerance * (1.0 + std::abs(should)))) {
      state.SkipWithError("the answer differs from the reference");
      return false;
    }
  }
  return true;
}

inline void report_flops(benchmark::State& state, double flops_per_iteration) {
  state.counters["FLOP/s"] =
      benchmark::Counter(flops_per_iteration, benchmark::Counter::kIsIterationInvariantRate,
                         benchmark::Counter::OneK::kIs1000);
}

}  // namespace virnucpro
