#include "layers/workspace.h"

#include "base/check.h"

namespace virnucpro {

namespace {

// Where the scales of a quantised matrix begin: at a multiple of what Buffer promises.
std::size_t scales_offset(std::int64_t rows, std::int64_t columns) {
  constexpr std::size_t kAlignment = 64;
  const auto bytes = static_cast<std::size_t>(rows * columns);
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

}  // namespace

Workspace::Workspace(Backend& backend) : backend_(&backend) {}
Workspace::~Workspace() = default;
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;

std::span<const std::unique_ptr<LaneWorkspace>> Workspace::lanes(
    std::span<Backend* const> backends) {
  while (lanes_.size() < backends.size()) {
    lanes_.push_back(std::make_unique<LaneWorkspace>(*backends[lanes_.size()]));
  }
  return lanes_;
}

void Workspace::reserve(std::size_t slot, std::size_t bytes) {
  check(slot < kSlots, "workspace slot {}", slot);
  Buffer& buffer = buffers_[slot];
  if (buffer.bytes() < bytes || buffer.data() == nullptr) {
    buffer = Buffer();  // give the old memory back before asking for more
    buffer = backend_->allocate(bytes);
  }
}

Matrix Workspace::matrix(std::size_t slot, DataType type, std::int64_t rows, std::int64_t columns) {
  reserve(slot, static_cast<std::size_t>(rows * columns) * size_of(type));
  return {buffers_[slot].data(), type, rows, columns, columns};
}

std::size_t Workspace::quantized_bytes(std::int64_t rows, std::int64_t columns) {
  return scales_offset(rows, columns) + static_cast<std::size_t>(rows) * sizeof(float);
}

QuantizedMatrix Workspace::quantized(std::size_t slot, std::int64_t rows, std::int64_t columns) {
  reserve(slot, quantized_bytes(rows, columns));
  auto* memory = static_cast<std::byte*>(buffers_[slot].data());
  return {.values = {memory, DataType::kFloat8E4M3, rows, columns, columns},
          .scales = reinterpret_cast<float*>(memory + scales_offset(rows, columns))};
}

std::size_t Workspace::bytes() const {
  std::size_t sum = 0;
  for (const Buffer& buffer : buffers_) sum += buffer.bytes();
  for (const auto& lane : lanes_) sum += lane->buffers.bytes();
  return sum;
}

}  // namespace virnucpro
