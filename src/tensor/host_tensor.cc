#include "tensor/host_tensor.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>

#include "base/check.h"
#include "tensor/float16.h"

namespace virnucpro {
namespace {

template <typename T>
T load(const std::byte* data, std::int64_t i) {
  T value;
  std::memcpy(&value, data + static_cast<std::size_t>(i) * sizeof(T), sizeof(T));
  return value;
}

/// An uninitialised tensor and the pointer through which it is filled before anyone else sees it.
std::pair<HostTensor, std::byte*> allocate(DataType type, Shape shape) {
  HostTensor tensor{type, std::move(shape), nullptr, nullptr};
  // 64: a cache line, and the widest vector.
  auto* memory = static_cast<std::byte*>(
      ::operator new (std::max<std::size_t>(tensor.bytes(), 1), std::align_val_t{64}));
  tensor.owner = std::shared_ptr<const void>(memory, [](const std::byte* p) {
    ::operator delete (const_cast<std::byte*>(p), std::align_val_t{64});
  });
  tensor.data = memory;
  return {std::move(tensor), memory};
}

}  // namespace

HostTensor make_float_tensor(Shape shape, std::span<const float> values) {
  check(shape.elements() == static_cast<std::int64_t>(values.size()),
        "{} values for a tensor of shape {}", values.size(), to_string(shape));
  auto [tensor, memory] = allocate(DataType::kFloat32, std::move(shape));
  if (!values.empty()) std::memcpy(memory, values.data(), values.size_bytes());
  return tensor;
}

float float_at(const HostTensor& tensor, std::int64_t i) {
  switch (tensor.type) {
    case DataType::kFloat32:
      return load<float>(tensor.data, i);
    case DataType::kFloat16:
      return to_float(load<Float16>(tensor.data, i));
    case DataType::kBFloat16:
      return to_float(load<BFloat16>(tensor.data, i));
    case DataType::kFloat8E4M3:
    case DataType::kInt8:
    case DataType::kInt32:
    case DataType::kInt64:
      break;
  }
  throw ContractError("internal error: float_at on an integer tensor");
}

std::vector<float> to_floats(const HostTensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.shape.elements()));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = float_at(tensor, static_cast<std::int64_t>(i));
  }
  return values;
}

HostTensor convert(const HostTensor& tensor, DataType type) {
  check(is_floating(tensor.type) && is_floating(type), "convert is for floating tensors");
  const auto address = reinterpret_cast<std::uintptr_t>(tensor.data);
  if (tensor.type == type && address % size_of(type) == 0) return tensor;
  auto [result, memory] = allocate(type, tensor.shape);
  if (tensor.type == type) {
    std::memcpy(memory, tensor.data, tensor.bytes());
    return result;
  }
  const std::int64_t count = tensor.shape.elements();
  for (std::int64_t i = 0; i < count; ++i) {
    const float value = float_at(tensor, i);
    const auto at = static_cast<std::size_t>(i) * size_of(type);
    if (type == DataType::kFloat32) {
      std::memcpy(memory + at, &value, sizeof(value));
    } else {
      const std::uint16_t bits =
          type == DataType::kFloat16 ? to_float16(value).bits : to_bfloat16(value).bits;
      std::memcpy(memory + at, &bits, sizeof(bits));
    }
  }
  return result;
}

HostTensor concatenate_rows(std::span<const HostTensor> parts) {
  check(!parts.empty(), "concatenate_rows of nothing");
  std::vector<std::int64_t> sizes = parts[0].shape.sizes();
  check(!sizes.empty(), "concatenate_rows of scalars");
  sizes[0] = 0;
  for (const HostTensor& part : parts) {
    std::vector<std::int64_t> other = part.shape.sizes();
    check(part.type == parts[0].type && other.size() == sizes.size() &&
              std::equal(other.begin() + 1, other.end(), sizes.begin() + 1),
          "concatenate_rows: {} {} beside {} {}", name_of(parts[0].type), to_string(parts[0].shape),
          name_of(part.type), to_string(part.shape));
    sizes[0] += other[0];
  }
  auto [result, memory] = allocate(parts[0].type, Shape(std::move(sizes)));
  for (const HostTensor& part : parts) {
    if (part.bytes() > 0) std::memcpy(memory, part.data, part.bytes());
    memory += part.bytes();
  }
  return result;
}

}  // namespace virnucpro
