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
  static constexpr std::size_t kSlots = 8;  ///< the deepest model uses seven at a time

  explicit Workspace(Backend& backend) : backend_(&backend) {}

  /// A matrix in buffer `slot`; invalidates the slot's earlier matrix. Throws OutOfDeviceMemory.
  Matrix matrix(std::size_t slot, DataType type, std::int64_t rows, std::int64_t columns);

  /// The same in 8 bits, its scales behind it.
  QuantizedMatrix quantized(std::size_t slot, std::int64_t rows, std::int64_t columns);
  /// Makes the slot large enough for several matrices that take it in turns and thus stay valid.
  void reserve(std::size_t slot, std::size_t bytes);
  /// Bytes that quantized() takes.
  static std::size_t quantized_bytes(std::int64_t rows, std::int64_t columns);

  /// Bytes held in all slots.
  std::size_t bytes() const;

 private:
  Backend* backend_;
  std::array<Buffer, kSlots> buffers_;
};

}  // namespace virnucpro
