// A read-only tensor in host memory that keeps its storage (a mapped file or a vector) alive.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "tensor/data_type.h"
#include "tensor/shape.h"

namespace virnucpro {

/// Row-major and contiguous. Copies share the storage; the data is never written to.
/// The pointer may be unaligned for its type when it points into a file.
struct HostTensor {
  DataType type = DataType::kFloat32;
  Shape shape;
  const std::byte* data = nullptr;
  std::shared_ptr<const void> owner;

  std::size_t bytes() const { return static_cast<std::size_t>(shape.elements()) * size_of(type); }
  std::span<const std::byte> span() const { return {data, bytes()}; }
};

/// A float32 tensor that owns a copy of `values`; throws ContractError when the count does not fit.
HostTensor make_float_tensor(Shape shape, std::span<const float> values);

/// Element `i` as float32, whatever the floating type.
float float_at(const HostTensor& tensor, std::int64_t i);

/// All elements as float32, in order. Throws ContractError for integer tensors.
std::vector<float> to_floats(const HostTensor& tensor);

/// The same values in another floating type (round to nearest even). Shares the storage when the
/// type is already `type` and the data is aligned for it.
HostTensor convert(const HostTensor& tensor, DataType type);

/// Rows of all parts one below the other; all of one type and the same trailing shape.
HostTensor concatenate_rows(std::span<const HostTensor> parts);

}  // namespace virnucpro
