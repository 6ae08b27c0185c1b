// How rows of a token matrix belong to sequences: packed offsets, or padded rows with lengths.
#pragma once

#include <cstdint>
#include <string_view>

#include "tensor/view.h"

namespace virnucpro::ops {

/// Packed: offsets has size n + 1 and sequence i is rows [offsets[i], offsets[i + 1]).
/// Padded: offsets has size n, holds the lengths, and sequence i is rows
/// [i * row_length, i * row_length + offsets[i]). Host memory.
struct Sequences {
  ConstInts offsets;
  std::int64_t row_length = 0;  // 0: packed

  static Sequences packed(ConstInts cu_seqlens) { return {cu_seqlens, 0}; }
  static Sequences padded(ConstInts lengths, std::int64_t row_length) {
    return {lengths, row_length};
  }

  bool is_packed() const { return row_length == 0; }
  std::int64_t count() const { return is_packed() ? offsets.size - 1 : offsets.size; }
  std::int64_t begin(std::int64_t i) const {
    return is_packed() ? offsets.data[i] : i * row_length;
  }
  std::int64_t length(std::int64_t i) const {
    return is_packed() ? offsets.data[i + 1] - offsets.data[i] : offsets.data[i];
  }
};

/// Offsets rise strictly from 0 to `rows`, or lengths lie in 1..row_length and fill `rows`.
void check_sequences(std::string_view op, const Sequences& sequences, std::int64_t rows);

}  // namespace virnucpro::ops
