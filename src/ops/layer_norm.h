// Layer normalisation over the columns, with an optional residual added first.
#pragma once

#include "tensor/view.h"

namespace virnucpro::ops {

/// x = input + residual; output = (x - mean(x)) / sqrt(var(x) + epsilon) * gamma + beta, per row,
/// with the biased variance; statistics in float32 or wider. Shapes: input, residual (or absent),
/// output [m, d]; gamma, beta [d]. output may be the very same matrix as input or residual.
/// quantized [m, d], where given: the same rows in 8 bits, rounded to the input's type before, for
/// backends with Backend::quantizes_activations(); then output may be absent.
struct LayerNorm {
  ConstMatrix input;
  ConstMatrix residual;
  ConstFloats gamma;
  ConstFloats beta;
  float epsilon = 1e-5f;
  Matrix output;
  QuantizedMatrix quantized = {};
};

void validate(const LayerNorm& op);

}  // namespace virnucpro::ops
