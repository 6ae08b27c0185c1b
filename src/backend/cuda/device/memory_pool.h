// The memory of one GPU that the program uses: one block, taken once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>

#include "backend/cuda/arena.h"

namespace virnucpro::cuda {

/// Thread-safe. Pieces keep the pool alive. The caller makes sure that no kernel still uses a piece
/// when it is given back.
class MemoryPool : public std::enable_shared_from_this<MemoryPool> {
 public:
  /// Takes `bytes` on the current device. 0: all that is free, less a reserve for the driver and
  /// the code of the libraries. Throws OutOfDeviceMemory.
  MemoryPool(int device, std::uint64_t bytes);
  ~MemoryPool();
  MemoryPool(const MemoryPool&) = delete;
  MemoryPool& operator=(const MemoryPool&) = delete;

  /// Throws OutOfDeviceMemory, naming what is left.
  void* take(std::size_t bytes);
  void give_back(void* piece) noexcept;
  /// A piece that gives itself back; its owner waits for the kernels that use it first.
  std::shared_ptr<void> take_shared(std::size_t bytes);

  std::size_t capacity() const { return capacity_; }
  std::size_t unused() const { return capacity_ - used(); }
  std::size_t used() const;
  std::size_t peak() const;
  void restart_peak();

 private:
  const int device_;
  std::byte* block_ = nullptr;
  std::size_t capacity_ = 0;
  mutable std::mutex mutex_;
  Arena arena_{0};
};

}  // namespace virnucpro::cuda
