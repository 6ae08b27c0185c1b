// Memory on a backend's device, owned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "tensor/view.h"

namespace virnucpro {

/// Owns device memory, which it frees through the deleter of its backend. Moves, does not copy.
/// 64-byte aligned.
class Buffer {
 public:
  Buffer() = default;
  Buffer(std::shared_ptr<void> memory, std::size_t bytes)
      : memory_(std::move(memory)), bytes_(bytes) {}
  Buffer(Buffer&&) = default;
  Buffer& operator=(Buffer&&) = default;

  std::size_t bytes() const { return bytes_; }
  void* data() const { return memory_.get(); }

 private:
  std::shared_ptr<void> memory_;
  std::size_t bytes_ = 0;
};

}  // namespace virnucpro
