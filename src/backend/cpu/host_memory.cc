// Aligned host memory.
#include "backend/cpu/host_memory.h"

#include <algorithm>
#include <new>
#include <string>

#include "base/errors.h"

namespace virnucpro {
namespace {

constexpr std::align_val_t kAlignment{64};  // a cache line, and the widest vector

}  // namespace

std::shared_ptr<void> allocate_aligned(std::size_t bytes) {
  void* memory = ::operator new(std::max<std::size_t>(bytes, 1), kAlignment, std::nothrow);
  if (memory == nullptr) {
    throw OutOfDeviceMemory("cpu: no memory for " + std::to_string(bytes) + " bytes");
  }
  return std::shared_ptr<void>(memory, [](void* p) { ::operator delete(p, kAlignment); });
}

void Scratch::reserve(std::size_t floats) {
  if (floats <= floats_) return;
  // Half as much again: a slowly growing batch does not allocate every time.
  const std::size_t grown = std::max(floats, floats_ + floats_ / 2);
  memory_.reset();
  floats_ = 0;
  memory_ = allocate_aligned(grown * sizeof(float));
  floats_ = grown;
}

}  // namespace virnucpro
