// Device memory for activations: grows to the largest batch once, then stays.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/backend.h"

namespace virnucpro {

struct LaneWorkspace;

/// A few reusable device buffers, known by number. One workspace per worker thread and backend;
/// models hold no state. Thread-confined.
class Workspace {
 public:
  static constexpr std::size_t kSlots = 8;  ///< the deepest model uses seven at a time

  explicit Workspace(Backend& backend);
  ~Workspace();
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;

  /// A matrix in buffer `slot`; invalidates the slot's earlier matrix. Throws OutOfDeviceMemory.
  Matrix matrix(std::size_t slot, DataType type, std::int64_t rows, std::int64_t columns);

  /// The same in 8 bits, its scales behind it.
  QuantizedMatrix quantized(std::size_t slot, std::int64_t rows, std::int64_t columns);
  /// Makes the slot large enough for several matrices that take it in turns and thus stay valid.
  void reserve(std::size_t slot, std::size_t bytes);
  /// Bytes that quantized() takes.
  static std::size_t quantized_bytes(std::int64_t rows, std::int64_t columns);

  /// One for each of the backend's lanes, in their order.
  std::span<const std::unique_ptr<LaneWorkspace>> lanes(std::span<Backend* const> backends);
  /// Where the parts of a batch begin, kept from batch to batch.
  std::vector<std::int64_t>& part_begins() { return part_begins_; }

  /// Bytes held in all slots, those of lanes included.
  std::size_t bytes() const;

 private:
  Backend* backend_;
  std::array<Buffer, kSlots> buffers_;
  std::vector<std::unique_ptr<LaneWorkspace>> lanes_;
  std::vector<std::int64_t> part_begins_;
};

/// What a lane works in: its own buffers, and the offsets of the sequences of its part.
struct LaneWorkspace {
  explicit LaneWorkspace(Backend& backend) : buffers(backend) {}

  Workspace buffers;
  std::vector<std::int32_t> offsets;
};

}  // namespace virnucpro
