// The overlapping chunks that cover a record.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "base/check.h"

namespace virnucpro {

/// The bases [start, end) of one record; 0-based, half-open.
struct Chunk {
  std::uint64_t record = 0;  ///< ordinal of the record
  std::uint64_t index = 0;   ///< number within the record, from 0
  std::uint64_t start = 0;
  std::uint64_t end = 0;

  friend bool operator==(const Chunk&, const Chunk&) = default;
};

/// ceil(bases / expected_length); 0 for a record without bases. `expected_length` > 0.
inline std::size_t chunk_count(std::uint64_t bases, std::uint64_t expected_length) {
  check(expected_length > 0, "a chunk length of 0");
  return bases / expected_length + (bases % expected_length != 0 ? 1 : 0);
}

/// The chunks of one record as a random-access range computed on the fly: no storage, any length.
/// Thread-safe.
class ChunkRange {
 public:
  ChunkRange(std::uint64_t record, std::uint64_t bases, std::uint64_t expected_length)
      : record_(record),
        bases_(bases),
        length_(expected_length),
        count_(chunk_count(bases, expected_length)) {
    if (count_ == 0) return;
    // The surplus is below expected_length. Nothing here overflows for any 64-bit length, because
    // the last chunk's rest is used instead of count * expected_length.
    const std::uint64_t rest = bases_ % length_;
    const std::uint64_t surplus = rest == 0 ? 0 : length_ - rest;
    // The published tool divides by the number of chunks, not of overlaps, so the last chunk is
    // usually shorter than expected_length. This stays, because the classifiers were trained on it.
    step_ = surplus / count_;
    longer_steps_ = surplus - step_ * (count_ - 1);
  }

  std::size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }

  /// `index` < size().
  Chunk operator[](std::uint64_t index) const {
    // Step back after chunk j: step_ + 1 where j < longer_steps_, else step_.
    const std::uint64_t shift = index * step_ + std::min(index, longer_steps_);
    const std::uint64_t start = index * length_ - shift;
    return {record_, index, start, start + std::min(length_, bases_ - start)};
  }

  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Chunk;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = Chunk;

    Iterator() = default;
    Iterator(const ChunkRange* range, std::uint64_t index) : range_(range), index_(index) {}
    Chunk operator*() const { return (*range_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++index_;
      return before;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.index_ == b.index_; }

   private:
    const ChunkRange* range_ = nullptr;
    std::uint64_t index_ = 0;
  };
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, count_}; }

 private:
  std::uint64_t record_;
  std::uint64_t bases_;
  std::uint64_t length_;
  std::uint64_t count_;
  std::uint64_t step_ = 0;
  std::uint64_t longer_steps_ = 0;
};

}  // namespace virnucpro
