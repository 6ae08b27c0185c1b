// Layer normalisation over the columns, with an optional residual added first.
#pragma once

#include "tensor/view.h"

namespace virnucpro::ops {

/// x = input + residual; output = (x - mean(x)) / sqrt(var(x) + epsilon) * gamma + beta, per row,
/// with the biased variance; statistics in float32 or wider. Shapes: input, residual (or absent),
/// output [m, d]; gamma, beta [d]. output may be the very same matrix as input or residual.
struct LayerNorm {
  ConstMatrix input;
  ConstMatrix residual;
  ConstFloats gamma;
  ConstFloats beta;
  float epsilon = 1e-5f;
  Matrix output;
};

void validate(const LayerNorm& op);

}  // namespace virnucpro::ops
