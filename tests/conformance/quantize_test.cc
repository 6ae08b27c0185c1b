// The vectorised quantiser against tensor/quantize.h, to the bit, on every instruction set.
#include "tensor/quantize.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "backend/cpu/quantize_cpu.h"
#include "conformance/conformance.h"
#include "conformance/instruction_sets.h"
#include "hwy/highway.h"

namespace virnucpro {
namespace {

class Quantizer : public OnEachInstructionSet {};

VIRNUCPRO_ON_EACH_INSTRUCTION_SET(Quantizer);

/// NaN equals NaN: its payload carries no meaning.
bool same_scale(float a, float b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}

/// Every row into a wider one; the gap, and the memory before and after, must stay as they are.
template <typename To>
void expect_as_defined(const Grid& grid, const std::string& what) {
  constexpr To kUntouched = 99;
  constexpr std::size_t kGap = 5;
  const auto rows = static_cast<std::size_t>(grid.rows());
  const auto columns = static_cast<std::size_t>(grid.columns());
  const std::size_t stride = columns + kGap;
  std::vector<To> output(kGap + rows * stride, kUntouched);
  std::vector<float> scales(rows);
  quantize_rows(grid.view(), output.data() + kGap, stride, scales.data());
  std::vector<To> expected(output.size(), kUntouched);
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<float> row(columns);
    for (std::size_t j = 0; j < columns; ++j) {
      row[j] = grid.at(static_cast<std::int64_t>(i), static_cast<std::int64_t>(j));
    }
    std::vector<std::int8_t> q(columns);
    const float scale = quantize_row(row, q);
    constexpr int kOffset = std::is_same_v<To, std::uint8_t> ? 128 : 0;
    for (std::size_t j = 0; j < columns; ++j) {
      expected[kGap + i * stride + j] = static_cast<To>(q[j] + kOffset);
    }
    EXPECT_TRUE(same_scale(scales[i], scale)) << what << " row " << i << ": " << scales[i];
  }
  EXPECT_EQ(output, expected) << what;
}

void expect_as_defined(const Grid& grid, const std::string& what) {
  expect_as_defined<std::int8_t>(grid, what + " to int8");
  expect_as_defined<std::uint8_t>(grid, what + " to uint8");
  expect_as_defined<std::int16_t>(grid, what + " to int16");
}

TEST_P(Quantizer, AgreesForEveryTypeAndWidth) {
  for (const DataType type : kFloatingTypes) {
    for (std::int64_t columns = 0; columns <= 70; ++columns) {
      const Grid grid = Grid::random(3, columns, static_cast<std::uint32_t>(columns), type);
      expect_as_defined(grid, fmt::format("{} columns of {}", columns, name_of(type)));
    }
    for (const float deviation : {1e-30f, 1e-3f, 1e4f, 1e30f}) {
      expect_as_defined(Grid::random(7, 1281, 5, type, deviation),
                        fmt::format("{} of deviation {}", name_of(type), deviation));
    }
  }
}

TEST_P(Quantizer, AgreesForTiesAndTheirNeighbours) {
  Grid grid(1, 4 * 256 + 1);
  grid.set(0, 0, 127.0f);
  for (std::int64_t i = 0; i < 256; ++i) {
    const float tie = static_cast<float>(i) / 2 - 63.75f;
    const float half = std::round(tie * 2) / 2;
    grid.set(0, 4 * i + 1, half);
    grid.set(0, 4 * i + 2, std::nextafter(half, 1000.0f));
    grid.set(0, 4 * i + 3, std::nextafter(half, -1000.0f));
    grid.set(0, 4 * i + 4, tie);
  }
  expect_as_defined(grid, "ties");
}

TEST_P(Quantizer, AgreesForRowsWithoutAScale) {
  for (const DataType type : kFloatingTypes) {
    for (const float special :
         {NAN, -NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-45f, kLeastQuantizedMagnitude,
          std::nextafter(kLeastQuantizedMagnitude, 0.0f), std::numeric_limits<float>::max()}) {
      for (const std::int64_t columns : {1, 7, 16, 33}) {
        for (std::int64_t at = 0; at < columns; ++at) {
          Grid alone(1, columns, type);
          for (std::int64_t j = 0; j < columns; ++j) alone.set(0, j, 0.0f);
          alone.set(0, at, special);
          const std::string what = fmt::format("{} at {} of {}", special, at, columns);
          expect_as_defined(alone, what + " among zeros");
          Grid among = Grid::random(3, columns, 4, type);
          among.set(1, at, special);
          expect_as_defined(among, what + " among others");
        }
      }
    }
  }
}

TEST_P(Quantizer, RefusesIntegers) {
  std::int8_t output = 0;
  float scale = 0;
  const std::int32_t input = 1;
  EXPECT_THROW(quantize_rows({&input, DataType::kInt32, 1, 1, 1}, &output, 1, &scale),
               ContractError);
}

}  // namespace
}  // namespace virnucpro
