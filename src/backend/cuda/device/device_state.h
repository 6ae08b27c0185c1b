// What the contexts of one GPU share.
#pragma once

#include <cuda_runtime_api.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "backend/cuda/device/memory_pool.h"
#include "backend/cuda/device/products.h"

namespace virnucpro::cuda {

/// Vectors in device memory, by address, that have copies in the 16-bit types beside them. These
/// are biases, which the products want in the type of their output. Thread-safe.
class PlacedVectors {
 public:
  void add(const float* vector, std::int64_t size);
  void remove(const float* vector);
  /// The copy in `type`; null unless `vector` is one of these, and whole.
  const void* copy(const float* vector, std::int64_t size, DataType type) const;

  /// Bytes that a vector and its copies take.
  static std::size_t bytes(std::int64_t size);
  static std::size_t half_offset(std::int64_t size);
  static std::size_t bfloat_offset(std::int64_t size);

 private:
  mutable std::mutex mutex_;
  std::map<const float*, std::int64_t> sizes_;
};

/// One opened GPU. Thread-safe.
struct DeviceState {
  DeviceState(int number, std::uint64_t pool_bytes, std::size_t sharers);

  const int device;
  const std::size_t contexts;
  cudaDeviceProp properties{};
  std::shared_ptr<MemoryPool> pool;
  std::unique_ptr<Products> products;
  PlacedVectors vectors;
  std::atomic<std::size_t> weight_bytes{0};

  /// The most that one context may take of what the weights leave. Without this limit the first
  /// context on a small GPU would take all, and the others could not compute a single sequence.
  std::size_t context_share() const;

  /// A piece of the pool for weights, which kernels of every stream may use until it is freed.
  static std::shared_ptr<void> take(const std::shared_ptr<DeviceState>& state, std::size_t bytes);
};

}  // namespace virnucpro::cuda
