// Symmetric rounding of rows to 8 bits: the one definition every backend computes, bit for bit.
//
// A row with the largest magnitude M becomes scale = M / 127 and q = nearest(x * (127 / M)), ties
// to even, all in float32: whole numbers from -127 to 127. Two kinds of rows have no such scale:
//   no value reaches 2^-119:    scale 0, q 0: below it M / 127 is subnormal and 127 / M overflows
//   NaN or infinity in the row: scale NaN, q 0: whatever is multiplied with the row becomes NaN
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tensor/host_tensor.h"

namespace virnucpro {

/// The largest magnitude of a quantised value; -128 would have no counterpart.
inline constexpr float kInt8Limit = 127.0f;

/// Rows whose largest magnitude is below this count as zero.
inline constexpr float kLeastQuantizedMagnitude = 0x1p-119f;

/// How the values of one row are quantised: q = nearest(x * factor), or all 0 where factor is 0.
struct RowScale {
  float scale;
  float factor;
};

/// The scale for a row whose largest magnitude is `largest`: NaN or infinity where the row has one.
constexpr RowScale row_scale(float largest) {
  if (!(largest <= std::numeric_limits<float>::max())) {
    return {std::numeric_limits<float>::quiet_NaN(), 0.0f};
  }
  if (largest < kLeastQuantizedMagnitude) return {0.0f, 0.0f};
  return {largest / kInt8Limit, kInt8Limit / largest};
}

/// Writes the q of `row` and returns its scale; both spans are of the same size.
float quantize_row(std::span<const float> row, std::span<std::int8_t> quantized);

/// A matrix by rows: row i of the tensor it was made of is about scales[i] * values[i, :].
struct QuantizedRows {
  HostTensor values;  // int8
  std::vector<float> scales;
};

/// Each row of a matrix [n, k] of a floating type; throws ContractError for another.
QuantizedRows quantize_rows(const HostTensor& matrix);

}  // namespace virnucpro
