// The CPU kernels' view of matrices: float32 pointers, or an error that names the operation.
#pragma once

#include <string_view>

#include "base/check.h"
#include "tensor/view.h"

namespace virnucpro {

/// Throws ContractError unless the matrix is float32; null for an absent one.
inline const float* float32_data(std::string_view op, const ConstMatrix& matrix) {
  check(matrix.type == DataType::kFloat32, "{}: the cpu backend's activations are float32, not {}",
        op, name_of(matrix.type));
  return static_cast<const float*>(matrix.data);
}

inline float* float32_data(std::string_view op, const Matrix& matrix) {
  return const_cast<float*>(float32_data(op, ConstMatrix(matrix)));
}

}  // namespace virnucpro
