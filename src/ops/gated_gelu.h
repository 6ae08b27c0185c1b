// The gated feed-forward nonlinearity of DNABERT-S.
#pragma once

#include "tensor/view.h"

namespace virnucpro::ops {

/// output[:, j] = gelu(input[:, j]) * input[:, width + j] with the exact gelu. Shapes: input
/// [m, 2 * width], output [m, width], not overlapping. quantized [m, width] in place of output: the
/// same rows in 8 bits, rounded to the input's type before (Backend::quantizes_activations()).
struct GatedGelu {
  ConstMatrix input;
  Matrix output;
  QuantizedMatrix quantized = {};
};

void validate(const GatedGelu& op);

}  // namespace virnucpro::ops
