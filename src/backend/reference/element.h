// Reading and writing of single elements and rows of any floating type as double; reading of 8-bit
// types, and writing of rows that are rounded to E4M3.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/errors.h"
#include "tensor/float16.h"
#include "tensor/quantize.h"
#include "tensor/view.h"

namespace virnucpro {

inline double load(const ConstMatrix& matrix, std::int64_t row, std::int64_t column) {
  const std::int64_t at = row * matrix.stride + column;
  switch (matrix.type) {
    case DataType::kFloat32:
      return static_cast<const float*>(matrix.data)[at];
    case DataType::kFloat16:
      return to_float(static_cast<const Float16*>(matrix.data)[at]);
    case DataType::kBFloat16:
      return to_float(static_cast<const BFloat16*>(matrix.data)[at]);
    case DataType::kFloat8E4M3:
      return to_float(static_cast<const Float8E4M3*>(matrix.data)[at]);
    case DataType::kInt8:
      return static_cast<const std::int8_t*>(matrix.data)[at];
    case DataType::kInt32:
    case DataType::kInt64:
      break;
  }
  throw ContractError("internal error: load from an integer matrix");
}

/// Rounds to float32 first, then to the narrower type, as every backend does with a float32 sum.
inline void store(const Matrix& matrix, std::int64_t row, std::int64_t column, double value) {
  const std::int64_t at = row * matrix.stride + column;
  const auto rounded = static_cast<float>(value);
  switch (matrix.type) {
    case DataType::kFloat32:
      static_cast<float*>(matrix.data)[at] = rounded;
      return;
    case DataType::kFloat16:
      static_cast<Float16*>(matrix.data)[at] = to_float16(rounded);
      return;
    case DataType::kBFloat16:
      static_cast<BFloat16*>(matrix.data)[at] = to_bfloat16(rounded);
      return;
    case DataType::kFloat8E4M3:
    case DataType::kInt8:
    case DataType::kInt32:
    case DataType::kInt64:
      break;
  }
  throw ContractError("internal error: store to an integer matrix");
}

inline std::vector<double> load_row(const ConstMatrix& matrix, std::int64_t row) {
  std::vector<double> values(static_cast<std::size_t>(matrix.columns));
  for (std::int64_t column = 0; column < matrix.columns; ++column) {
    values[static_cast<std::size_t>(column)] = load(matrix, row, column);
  }
  return values;
}

/// Rounds each value to `type` first, as if it had been stored in between.
inline void store_quantized(const QuantizedMatrix& matrix, std::int64_t row, DataType type,
                            const std::vector<double>& values) {
  std::vector<float> rounded(values.begin(), values.end());
  for (float& value : rounded) {
    if (type == DataType::kFloat16) value = to_float(to_float16(value));
    if (type == DataType::kBFloat16) value = to_float(to_bfloat16(value));
  }
  auto* first = static_cast<Float8E4M3*>(matrix.values.data) + row * matrix.values.stride;
  matrix.scales[row] = quantize_row(rounded, std::span(first, rounded.size()));
}

}  // namespace virnucpro
