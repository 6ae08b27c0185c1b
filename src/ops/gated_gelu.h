// The gated feed-forward nonlinearity of DNABERT-S.
#pragma once

#include "tensor/view.h"

namespace virnucpro::ops {

/// output[:, j] = gelu(input[:, j]) * input[:, width + j] with the exact gelu. Shapes: input
/// [m, 2 * width], output [m, width], not overlapping.
struct GatedGelu {
  ConstMatrix input;
  Matrix output;
};

void validate(const GatedGelu& op);

}  // namespace virnucpro::ops
