#include "tensor/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "base/check.h"

namespace virnucpro {
namespace {

/// Infinity where one of the values is NaN or infinite.
float largest_magnitude(std::span<const float> row) {
  float largest = 0.0f;
  for (const float value : row) {
    if (!std::isfinite(value)) largest = std::numeric_limits<float>::infinity();
    largest = std::max(largest, std::abs(value));
  }
  return largest;
}

template <typename Q>
QuantizedRows quantized_rows(const HostTensor& matrix, DataType type) {
  const std::int64_t rows = matrix.shape[0];
  const std::int64_t columns = matrix.shape[1];
  auto values = std::make_shared<std::vector<Q>>(static_cast<std::size_t>(matrix.shape.elements()));
  QuantizedRows result;
  result.scales.reserve(static_cast<std::size_t>(rows));
  std::vector<float> row(static_cast<std::size_t>(columns));
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      row[static_cast<std::size_t>(j)] = float_at(matrix, i * columns + j);
    }
    result.scales.push_back(quantize_row(
        row, std::span(*values).subspan(static_cast<std::size_t>(i * columns), row.size())));
  }
  const auto* data = reinterpret_cast<const std::byte*>(values->data());
  result.values = {type, matrix.shape, data, std::move(values)};
  return result;
}

}  // namespace

float quantize_row(std::span<const float> row, std::span<std::int8_t> quantized) {
  check(row.size() == quantized.size(), "quantize_row: {} values to {}", row.size(),
        quantized.size());
  const RowScale scale = row_scale(largest_magnitude(row));
  for (std::size_t i = 0; i < row.size(); ++i) {
    const float q = scale.factor == 0.0f ? 0.0f : std::nearbyint(row[i] * scale.factor);
    quantized[i] = static_cast<std::int8_t>(q);
  }
  return scale.scale;
}

float quantize_row(std::span<const float> row, std::span<Float8E4M3> quantized) {
  check(row.size() == quantized.size(), "quantize_row: {} values to {}", row.size(),
        quantized.size());
  const RowScale scale = row_scale(largest_magnitude(row), kFloat8Limit, kLeastFloat8Magnitude);
  for (std::size_t i = 0; i < row.size(); ++i) {
    quantized[i] = to_float8(scale.factor == 0.0f ? 0.0f : row[i] * scale.factor);
  }
  return scale.scale;
}

HostTensor dequantized(const QuantizedWeight& weight, std::span<const std::int32_t> columns) {
  const HostTensor& values = weight.values;
  const auto rows = static_cast<std::size_t>(values.shape[0]);
  const auto width = static_cast<std::size_t>(values.shape[1]);
  const bool is_int8 = values.type == DataType::kInt8;
  check(is_int8 || values.type == DataType::kFloat8E4M3, "dequantized: values of type {}",
        name_of(values.type));
  std::vector<float> result(rows * width);
  for (std::size_t i = 0; i < rows; ++i) {
    const float scale = float_at(weight.scales, static_cast<std::int64_t>(i));
    for (std::size_t j = i * width; j < (i + 1) * width; ++j) {
      const auto byte = static_cast<std::uint8_t>(values.data[j]);
      result[j] = scale * (is_int8 ? static_cast<float>(static_cast<std::int8_t>(byte))
                                   : to_float(Float8E4M3{byte}));
    }
    for (std::size_t c = 0; c < columns.size(); ++c) {
      result[i * width + static_cast<std::size_t>(columns[c])] =
          float_at(weight.kept, static_cast<std::int64_t>(i * columns.size() + c));
    }
  }
  return make_float_tensor(values.shape, result);
}

QuantizedRows quantize_rows(const HostTensor& matrix, DataType type) {
  check(matrix.shape.rank() == 2 && is_floating(matrix.type), "quantize_rows of a {} tensor {}",
        name_of(matrix.type), to_string(matrix.shape));
  if (type == DataType::kFloat8E4M3) return quantized_rows<Float8E4M3>(matrix, type);
  check(type == DataType::kInt8, "quantize_rows to {}", name_of(type));
  return quantized_rows<std::int8_t>(matrix, type);
}

}  // namespace virnucpro
