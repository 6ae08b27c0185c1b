// Non-owning views of tensors on a backend's device: what operations read and write.
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/data_type.h"

namespace virnucpro {

/// Read-only matrix [rows, columns]; `stride` elements from one row to the next.
struct ConstMatrix {
  const void* data = nullptr;
  DataType type = DataType::kFloat32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;

  bool empty() const { return data == nullptr; }
};

/// Writable matrix; converts to ConstMatrix.
struct Matrix {
  void* data = nullptr;
  DataType type = DataType::kFloat32;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t stride = 0;

  bool empty() const { return data == nullptr; }
  operator ConstMatrix() const { return {data, type, rows, columns, stride}; }

  /// Rows [first, first + count).
  Matrix row_range(std::int64_t first, std::int64_t count) const {
    auto* bytes = static_cast<std::byte*>(data);
    return {bytes + static_cast<std::size_t>(first * stride) * size_of(type), type, count, columns,
            stride};
  }

  /// Columns [first, first + count) of the same rows.
  Matrix column_range(std::int64_t first, std::int64_t count) const {
    auto* bytes = static_cast<std::byte*>(data);
    return {bytes + static_cast<std::size_t>(first) * size_of(type), type, rows, count, stride};
  }
};

/// Writable matrix in 8 bits with a scale per row: row i is about scales[i] * values[i, :]
/// (tensor/quantize.h). values: float8_e4m3; scales: [values.rows].
struct QuantizedMatrix {
  Matrix values;
  float* scales = nullptr;

  bool empty() const { return values.empty(); }
};

/// Read-only float32 vector (biases, norms' gamma and beta, slopes); empty() when absent.
struct ConstFloats {
  const float* data = nullptr;
  std::int64_t size = 0;

  bool empty() const { return data == nullptr; }
};

/// Read-only int32 vector (token ids, sequence offsets).
struct ConstInts {
  const std::int32_t* data = nullptr;
  std::int64_t size = 0;

  bool empty() const { return data == nullptr; }
};

}  // namespace virnucpro
