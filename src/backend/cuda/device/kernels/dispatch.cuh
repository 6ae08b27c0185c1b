// From run-time types and layouts to template arguments.
#pragma once

#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <cstdint>

#include "tensor/view.h"

namespace virnucpro::cuda {

template <typename T>
struct TypeTag {
  using Type = T;
};

/// Calls `f` with the TypeTag of a floating type.
template <typename F>
void with_type(DataType type, F&& f) {
  switch (type) {
    case DataType::kFloat16:
      return f(TypeTag<__half>{});
    case DataType::kBFloat16:
      return f(TypeTag<__nv_bfloat16>{});
    default:
      return f(TypeTag<float>{});
  }
}

/// True when every row of `matrix` consists of whole, aligned packs of `count` elements.
inline bool has_packs(const ConstMatrix& matrix, int count) {
  const auto bytes = static_cast<std::uintptr_t>(count) * size_of(matrix.type);
  return matrix.columns % count == 0 && matrix.stride % count == 0 &&
         reinterpret_cast<std::uintptr_t>(matrix.data) % bytes == 0;
}

template <typename T>
const T* elements(const ConstMatrix& matrix) {
  return static_cast<const T*>(matrix.data);
}
template <typename T>
T* elements(const Matrix& matrix) {
  return static_cast<T*>(matrix.data);
}

/// Elements of 16 bytes.
template <typename T>
inline constexpr int kPackOf = 16 / static_cast<int>(sizeof(T));

inline unsigned blocks_for(std::int64_t items, std::int64_t per_block) {
  return static_cast<unsigned>((items + per_block - 1) / per_block);
}

}  // namespace virnucpro::cuda
