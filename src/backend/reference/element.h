// Reading and writing of single elements and rows of any floating type as double; reading of int8.
#pragma once

#include <cstdint>
#include <vector>

#include "base/errors.h"
#include "tensor/float16.h"
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

}  // namespace virnucpro
