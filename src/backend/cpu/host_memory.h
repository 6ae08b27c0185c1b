// Aligned host memory: buffers that are handed out, and scratch that only grows.
#pragma once

#include <cstddef>
#include <memory>

namespace virnucpro {

/// Floats of room behind an array whose last vector is stored whole: 256 bytes, the longest vector
/// of any target. Highway's own constants speak of the baseline here, not of the target chosen at
/// run time.
inline constexpr std::size_t kVectorRoom = 64;

/// 64-byte aligned, uninitialised. Throws OutOfDeviceMemory.
std::shared_ptr<void> allocate_aligned(std::size_t bytes);

/// One worker's working memory. Not thread-safe: reserve before the workers start.
class Scratch {
 public:
  /// At least that many floats; what was there before is lost when it has to grow.
  void reserve(std::size_t floats);
  float* data() const { return static_cast<float*>(memory_.get()); }

 private:
  std::shared_ptr<void> memory_;
  std::size_t floats_ = 0;
};

}  // namespace virnucpro
