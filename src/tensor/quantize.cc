#include "tensor/quantize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <utility>

#include "base/check.h"

namespace virnucpro {

float quantize_row(std::span<const float> row, std::span<std::int8_t> quantized) {
  check(row.size() == quantized.size(), "quantize_row: {} values to {}", row.size(),
        quantized.size());
  float largest = 0.0f;
  for (const float value : row) {
    if (!std::isfinite(value)) largest = std::numeric_limits<float>::infinity();
    largest = std::max(largest, std::abs(value));
  }
  const RowScale scale = row_scale(largest);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const float q = scale.factor == 0.0f ? 0.0f : std::nearbyint(row[i] * scale.factor);
    quantized[i] = static_cast<std::int8_t>(q);
  }
  return scale.scale;
}

QuantizedRows quantize_rows(const HostTensor& matrix) {
  check(matrix.shape.rank() == 2 && is_floating(matrix.type), "quantize_rows of a {} tensor {}",
        name_of(matrix.type), to_string(matrix.shape));
  const std::int64_t rows = matrix.shape[0];
  const std::int64_t columns = matrix.shape[1];
  auto values =
      std::make_shared<std::vector<std::int8_t>>(static_cast<std::size_t>(matrix.shape.elements()));
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
  result.values = {DataType::kInt8, matrix.shape, data, std::move(values)};
  return result;
}

}  // namespace virnucpro
