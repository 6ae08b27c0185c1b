// Mean over a range of rows of each sequence.
#pragma once

#include "ops/sequences.h"
#include "tensor/view.h"

namespace virnucpro::ops {

/// output[i] = mean of the rows of sequence i from `skip_front`, without the last `skip_back`, at
/// most `max_rows` of them (0: no limit). Sums in float32 or wider, in row order. Shapes: input
/// [tokens, d], output [sequences, d] float32. A sequence with no row left gives zeros.
struct MeanPool {
  ConstMatrix input;
  Sequences sequences;
  std::int64_t skip_front = 0;
  std::int64_t skip_back = 0;
  std::int64_t max_rows = 0;
  Matrix output;
};

void validate(const MeanPool& op);

}  // namespace virnucpro::ops
