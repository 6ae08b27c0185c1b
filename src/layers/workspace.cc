#include "layers/workspace.h"

#include "base/check.h"

namespace virnucpro {

Matrix Workspace::matrix(std::size_t slot, DataType type, std::int64_t rows, std::int64_t columns) {
  check(slot < kSlots, "workspace slot {}", slot);
  const std::size_t bytes = static_cast<std::size_t>(rows * columns) * size_of(type);
  Buffer& buffer = buffers_[slot];
  if (buffer.bytes() < bytes || buffer.data() == nullptr) {
    buffer = Buffer();  // give the old memory back before asking for more
    buffer = backend_->allocate(bytes);
  }
  return {buffer.data(), type, rows, columns, columns};
}

std::size_t Workspace::bytes() const {
  std::size_t sum = 0;
  for (const Buffer& buffer : buffers_) sum += buffer.bytes();
  return sum;
}

}  // namespace virnucpro
