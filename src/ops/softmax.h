// Softmax over the columns.
#pragma once

#include "tensor/view.h"

namespace virnucpro::ops {

/// output[i, :] = exp(input[i, :] - max) / sum, per row, in float32 or wider. Both [m, n]; output
/// may be the very same matrix as input.
struct Softmax {
  ConstMatrix input;
  Matrix output;
};

void validate(const Softmax& op);

}  // namespace virnucpro::ops
