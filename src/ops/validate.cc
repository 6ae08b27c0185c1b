#include "ops/validate.h"

#include "base/check.h"

namespace virnucpro::ops {

namespace {

void check_layout(std::string_view op, std::string_view name, const ConstMatrix& matrix) {
  check(matrix.rows >= 0 && matrix.columns >= 0 && matrix.stride >= matrix.columns,
        "{}: {} is [{}, {}] with stride {}", op, name, matrix.rows, matrix.columns, matrix.stride);
  check(matrix.data != nullptr || matrix.rows * matrix.columns == 0, "{}: {} has no data", op,
        name);
}

void check_size(std::string_view op, std::string_view name, const ConstMatrix& matrix,
                std::int64_t rows, std::int64_t columns) {
  check(matrix.rows == rows && matrix.columns == columns, "{}: {} is [{}, {}], expected [{}, {}]",
        op, name, matrix.rows, matrix.columns, rows, columns);
}

}  // namespace

void check_matrix(std::string_view op, std::string_view name, const ConstMatrix& matrix) {
  check(is_floating(matrix.type), "{}: {} has type {}", op, name, name_of(matrix.type));
  check_layout(op, name, matrix);
}

void check_matrix(std::string_view op, std::string_view name, const ConstMatrix& matrix,
                  std::int64_t rows, std::int64_t columns) {
  check_matrix(op, name, matrix);
  check_size(op, name, matrix, rows, columns);
}

void check_quantized(std::string_view op, const QuantizedMatrix& matrix, std::int64_t rows,
                     std::int64_t columns) {
  constexpr auto kName = "quantized";
  check(matrix.values.type == DataType::kFloat8E4M3, "{}: {} has type {}", op, kName,
        name_of(matrix.values.type));
  check_layout(op, kName, matrix.values);
  check_size(op, kName, matrix.values, rows, columns);
  check(matrix.scales != nullptr || rows == 0, "{}: {} has no scales", op, kName);
}

void check_floats(std::string_view op, std::string_view name, const ConstFloats& vector,
                  std::int64_t size, bool optional) {
  if (optional && vector.empty()) return;
  check(!vector.empty() && vector.size == size, "{}: {} has {} elements, expected {}", op, name,
        vector.size, size);
}

}  // namespace virnucpro::ops
