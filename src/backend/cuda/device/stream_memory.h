// A stream and the memory that only its own kernels and copies use.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "backend/cuda/device/handles.h"
#include "backend/cuda/device/memory_pool.h"

namespace virnucpro::cuda {

/// One queue of work on one device. Its memory shares it, to wait for it before being freed.
class DeviceStream {
 public:
  /// `share` says how many bytes of the pool it may have in use.
  DeviceStream(int device, std::shared_ptr<MemoryPool> pool, std::function<std::size_t()> share);

  /// Selects the device for this thread; every function that calls CUDA does so first.
  void use() const;
  cudaStream_t get() const { return stream_.get(); }
  void wait() const;
  std::size_t used() const { return used_; }
  /// A piece of the pool that is given back once all work enqueued until then is done. Throws
  /// OutOfDeviceMemory, also where the share is used up.
  static std::shared_ptr<void> take(const std::shared_ptr<DeviceStream>& stream, std::size_t bytes);

 private:
  const int device_;
  const std::shared_ptr<MemoryPool> pool_;
  const std::function<std::size_t()> share_;
  std::atomic<std::size_t> used_{0};
  const Stream stream_;
};

/// Device memory that grows to the largest request. What was in it is lost when it grows.
class Scratch {
 public:
  void* get(const std::shared_ptr<DeviceStream>& stream, std::size_t bytes);
  template <typename T>
  T* get(const std::shared_ptr<DeviceStream>& stream, std::int64_t count) {
    return static_cast<T*>(get(stream, static_cast<std::size_t>(count) * sizeof(T)));
  }

 private:
  std::shared_ptr<void> memory_;
  std::size_t bytes_ = 0;
};

/// Page-locked memory through which host data reaches the device without the host waiting. Thread-
/// confined.
class Staging {
 public:
  explicit Staging(std::size_t bytes) : memory_(make_pinned(bytes)), bytes_(bytes) {}

  /// Enqueues the copy; `host` may be reused at once.
  void copy_in(const DeviceStream& stream, const void* host, void* device, std::size_t bytes);
  /// Waits for the stream and the copy.
  void copy_out(const DeviceStream& stream, const void* device, void* host, std::size_t bytes);
  /// To be called once everything enqueued has been waited for: all room is free again.
  void restart() { used_ = 0; }

 private:
  PinnedMemory memory_;
  std::size_t bytes_;
  std::size_t used_ = 0;
};

}  // namespace virnucpro::cuda
