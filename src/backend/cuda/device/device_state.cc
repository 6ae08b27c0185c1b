#include "backend/cuda/device/device_state.h"

#include <algorithm>

#include "backend/cuda/device/status.h"

namespace virnucpro::cuda {
namespace {

std::size_t aligned(std::size_t bytes) {
  return (bytes + Arena::kAlignment - 1) / Arena::kAlignment * Arena::kAlignment;
}

}  // namespace

std::size_t PlacedVectors::half_offset(std::int64_t size) {
  return aligned(static_cast<std::size_t>(size) * sizeof(float));
}

std::size_t PlacedVectors::bfloat_offset(std::int64_t size) {
  return half_offset(size) + aligned(static_cast<std::size_t>(size) * 2);
}

std::size_t PlacedVectors::bytes(std::int64_t size) {
  return bfloat_offset(size) + static_cast<std::size_t>(size) * 2;
}

void PlacedVectors::add(const float* vector, std::int64_t size) {
  const std::lock_guard lock(mutex_);
  sizes_[vector] = size;
}

void PlacedVectors::remove(const float* vector) {
  const std::lock_guard lock(mutex_);
  sizes_.erase(vector);
}

const void* PlacedVectors::copy(const float* vector, std::int64_t size, DataType type) const {
  const std::lock_guard lock(mutex_);
  const auto placed = sizes_.find(vector);
  if (placed == sizes_.end() || placed->second != size) return nullptr;
  const std::size_t offset = type == DataType::kFloat16 ? half_offset(size) : bfloat_offset(size);
  return reinterpret_cast<const std::byte*>(vector) + offset;
}

DeviceState::DeviceState(int number, std::uint64_t pool_bytes, std::size_t sharers)
    : device(number), contexts(std::max<std::size_t>(1, sharers)) {
  check_cuda(cudaSetDevice(device), "be chosen");
  // Threads that wait for a batch sleep: there are several per GPU, and the host has other work.
  const cudaError_t flags = cudaSetDeviceFlags(cudaDeviceScheduleBlockingSync);
  if (flags != cudaErrorSetOnActiveProcess) check_cuda(flags, "let waiting threads sleep");
  cudaGetLastError();
  check_cuda(cudaGetDeviceProperties(&properties, device), "describe itself");
  pool = std::make_shared<MemoryPool>(device, pool_bytes);
  products = std::make_unique<Products>(pool);
}

std::size_t DeviceState::context_share() const {
  return (pool->capacity() - std::min(pool->capacity(), weight_bytes.load())) / contexts;
}

std::shared_ptr<void> DeviceState::take(const std::shared_ptr<DeviceState>& state,
                                        std::size_t bytes) {
  void* taken = state->pool->take(bytes);
  state->weight_bytes += bytes;
  return {taken, [state, bytes](void* piece) {
            cudaSetDevice(state->device);
            cudaDeviceSynchronize();
            state->weight_bytes -= bytes;
            state->pool->give_back(piece);
          }};
}

}  // namespace virnucpro::cuda
