#include "backend/cuda/device/memory_pool.h"

#include <cuda_runtime_api.h>

#include <algorithm>

#include "backend/cuda/device/status.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::cuda {
namespace {

// Code of kernels and of cuBLASLt is loaded at its first use, when a full device would have no room
// for it: half a gigabyte holds several times what they take.
constexpr std::size_t kReserveBytes = std::size_t{512} << 20;
// Other programs may take memory between the question and the request.
constexpr int kTries = 8;
constexpr std::size_t kLeastBytes = std::size_t{64} << 20;

double mebibytes(std::size_t bytes) { return static_cast<double>(bytes) / (1 << 20); }

}  // namespace

MemoryPool::MemoryPool(int device, std::uint64_t bytes) : device_(device) {
  std::size_t free = 0;
  std::size_t total = 0;
  check_cuda(cudaMemGetInfo(&free, &total), "say how much memory is free");
  std::size_t wanted = bytes;
  if (wanted == 0) wanted = free > kReserveBytes + kLeastBytes ? free - kReserveBytes : kLeastBytes;
  for (int i = 0; i < kTries && block_ == nullptr; ++i) {
    void* block = nullptr;
    const cudaError_t status = cudaMalloc(&block, wanted);
    if (status == cudaSuccess) {
      block_ = static_cast<std::byte*>(block);
      capacity_ = wanted;
    } else if (status != cudaErrorMemoryAllocation) {
      check_cuda(status, "take memory");
    } else {
      cudaGetLastError();
      if (bytes != 0) break;
      wanted = std::max(kLeastBytes, wanted / 10 * 9);
    }
  }
  if (block_ == nullptr) {
    throw OutOfDeviceMemory(fmt::format(
        "cuda:{}: {:.0f} MiB of memory cannot be had, {:.0f} of {:.0f} MiB are free; other "
        "programs may be using this GPU",
        device, mebibytes(wanted), mebibytes(free), mebibytes(total)));
  }
  arena_ = Arena(capacity_);
}

MemoryPool::~MemoryPool() {
  cudaSetDevice(device_);
  cudaFree(block_);
}

void* MemoryPool::take(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  const std::optional<std::size_t> offset = arena_.take(bytes);
  if (!offset) {
    throw OutOfDeviceMemory(fmt::format(
        "cuda:{}: no room for {:.1f} MiB; {:.1f} of {:.1f} MiB are in use and the largest free "
        "piece has {:.1f}",
        device_, mebibytes(bytes), mebibytes(arena_.used()), mebibytes(arena_.capacity()),
        mebibytes(arena_.largest_free())));
  }
  return block_ + *offset;
}

void MemoryPool::give_back(void* piece) noexcept {
  const std::lock_guard lock(mutex_);
  arena_.give_back(static_cast<std::size_t>(static_cast<std::byte*>(piece) - block_));
}

std::shared_ptr<void> MemoryPool::take_shared(std::size_t bytes) {
  return {take(bytes), [pool = shared_from_this()](void* piece) { pool->give_back(piece); }};
}

std::size_t MemoryPool::used() const {
  const std::lock_guard lock(mutex_);
  return arena_.used();
}

std::size_t MemoryPool::peak() const {
  const std::lock_guard lock(mutex_);
  return arena_.peak();
}

void MemoryPool::restart_peak() {
  const std::lock_guard lock(mutex_);
  arena_.restart_peak();
}

}  // namespace virnucpro::cuda
