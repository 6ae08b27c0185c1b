// Shared checks of operation arguments; every failure is a ContractError that names the operation.
#pragma once

#include <string_view>

#include "tensor/view.h"

namespace virnucpro::ops {

/// The matrix has data unless it has no elements, is of a floating type, and has stride >= columns.
void check_matrix(std::string_view op, std::string_view name, const ConstMatrix& matrix);

/// The same as check_matrix, and exactly [rows, columns].
void check_matrix(std::string_view op, std::string_view name, const ConstMatrix& matrix,
                  std::int64_t rows, std::int64_t columns);

/// The values are float8_e4m3 and exactly [rows, columns], with a scale for each row.
void check_quantized(std::string_view op, const QuantizedMatrix& matrix, std::int64_t rows,
                     std::int64_t columns);

/// The vector is there and of that size; one that is `optional` may be absent instead.
void check_floats(std::string_view op, std::string_view name, const ConstFloats& vector,
                  std::int64_t size, bool optional);

}  // namespace virnucpro::ops
