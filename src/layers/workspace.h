// Device memory for activations: grows to the largest batch once, then stays.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "backend/backend.h"

namespace virnucpro {

/// A few reusable device buffers, known by number. One workspace per worker thread and backend;
/// models hold no state. Thread-confined.
class Workspace {
 public:
  static constexpr std::size_t kSlots = 8;  ///< the deepest model uses six at a time

  explicit Workspace(Backend& backend) : backend_(&backend) {}

  /// A matrix in buffer `slot`; invalidates the slot's earlier matrix. Throws OutOfDeviceMemory.
  Matrix matrix(std::size_t slot, DataType type, std::int64_t rows, std::int64_t columns);

  /// Bytes held in all slots.
  std::size_t bytes() const;

 private:
  Backend* backend_;
  std::array<Buffer, kSlots> buffers_;
};

}  // namespace virnucpro
