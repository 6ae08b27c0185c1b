#include "ops/validate.h"

#include "base/check.h"

namespace virnucpro::ops {

void check_matrix(std::string_view op, std::string_view name, const ConstMatrix& matrix) {
  check(is_floating(matrix.type), "{}: {} has type {}", op, name, name_of(matrix.type));
  check(matrix.rows >= 0 && matrix.columns >= 0 && matrix.stride >= matrix.columns,
        "{}: {} is [{}, {}] with stride {}", op, name, matrix.rows, matrix.columns, matrix.stride);
  check(matrix.data != nullptr || matrix.rows * matrix.columns == 0, "{}: {} has no data", op,
        name);
}

void check_matrix(std::string_view op, std::string_view name, const ConstMatrix& matrix,
                  std::int64_t rows, std::int64_t columns) {
  check_matrix(op, name, matrix);
  check(matrix.rows == rows && matrix.columns == columns, "{}: {} is [{}, {}], expected [{}, {}]",
        op, name, matrix.rows, matrix.columns, rows, columns);
}

void check_floats(std::string_view op, std::string_view name, const ConstFloats& vector,
                  std::int64_t size, bool optional) {
  if (optional && vector.empty()) return;
  check(!vector.empty() && vector.size == size, "{}: {} has {} elements, expected {}", op, name,
        vector.size, size);
}

}  // namespace virnucpro::ops
