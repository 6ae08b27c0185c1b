// Symmetric rounding of rows to 8 bits: the one definition every backend computes, bit for bit.
//
// A row with the largest magnitude M becomes scale = M / L and q = nearest(x * (L / M)), ties to
// even, all in float32. int8: whole numbers from -127 to 127, L = 127. float8_e4m3: its values
// (tensor/float8.h), L = 448, the largest one. Two kinds of rows have no such scale:
//   no value reaches 2^-119 (float8_e4m3: 2^-117): scale 0, q 0: M / L would be subnormal
//   NaN or infinity in the row: scale NaN, q 0: whatever is multiplied with the row becomes NaN
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "tensor/float8.h"
#include "tensor/host_tensor.h"

namespace virnucpro {

/// The largest magnitude of a quantised value; -128 would have no counterpart.
inline constexpr float kInt8Limit = 127.0f;

/// Rows whose largest magnitude is below this count as zero.
inline constexpr float kLeastQuantizedMagnitude = 0x1p-119f;

/// The same for float8_e4m3.
inline constexpr float kFloat8Limit = 448.0f;
inline constexpr float kLeastFloat8Magnitude = 0x1p-117f;

/// How the values of one row are quantised: q = nearest(x * factor), or all 0 where factor is 0.
struct RowScale {
  float scale;
  float factor;
};

/// The scale for a row whose largest magnitude is `largest`, NaN or infinity where the row has one:
/// of int8, or of another type with its `limit` and `least` magnitude.
constexpr RowScale row_scale(float largest, float limit = kInt8Limit,
                             float least = kLeastQuantizedMagnitude) {
  if (!(largest <= std::numeric_limits<float>::max())) {
    return {std::numeric_limits<float>::quiet_NaN(), 0.0f};
  }
  if (largest < least) return {0.0f, 0.0f};
  return {largest / limit, limit / largest};
}

/// Writes the q of `row` and returns its scale; both spans are of the same size.
float quantize_row(std::span<const float> row, std::span<std::int8_t> quantized);
float quantize_row(std::span<const float> row, std::span<Float8E4M3> quantized);

/// A matrix by rows: row i of the tensor it was made of is about scales[i] * values[i, :].
struct QuantizedRows {
  HostTensor values;  // int8 or float8_e4m3
  std::vector<float> scales;
};

/// Rows of a weight that were rounded before, as quantize_rows() and split_columns() give them.
struct QuantizedWeight {
  HostTensor values;  ///< int8 or float8_e4m3 [n, k]; 0 in the kept columns
  HostTensor scales;  ///< float32 [n]
  HostTensor kept;    ///< float16 [n, columns]; unset where there are none
};

/// The float32 matrix that it stands for; `columns`: those that are kept, ascending.
HostTensor dequantized(const QuantizedWeight& weight, std::span<const std::int32_t> columns);

/// Each row of a matrix [n, k] of a floating type to `type`, int8 or float8_e4m3; throws
/// ContractError for others.
QuantizedRows quantize_rows(const HostTensor& matrix, DataType type = DataType::kInt8);

}  // namespace virnucpro
