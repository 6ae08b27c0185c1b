// NaN and infinity detection.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/view.h"

namespace virnucpro::ops {

/// What a matrix holds that no embedding may hold. The finite range is 0..0 when nothing is finite.
struct NonfiniteCount {
  std::int64_t nan = 0;
  std::int64_t infinite = 0;
  float finite_min = 0.0f;
  float finite_max = 0.0f;

  bool any() const { return nan > 0 || infinite > 0; }
};

/// Counts over input [m, d]. Where `rows` is given it has m host elements and rows[i] becomes the
/// number of NaN and infinite elements of row i.
struct CountNonfinite {
  ConstMatrix input;
  std::span<std::int32_t> rows;
};

void validate(const CountNonfinite& op);

}  // namespace virnucpro::ops
