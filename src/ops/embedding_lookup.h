// Gathers the rows of a table.
#pragma once

#include "tensor/view.h"

namespace virnucpro::ops {

/// output[i] = scale * (table[ids[i]] + addend). Shapes: ids [n], table [v, d], addend [d] or
/// absent, output [n, d]. Ids are host memory and must lie in [0, v); output does not alias the
/// table.
struct EmbeddingLookup {
  ConstInts ids;
  ConstMatrix table;
  ConstFloats addend;
  float scale = 1.0f;
  Matrix output;
};

void validate(const EmbeddingLookup& op);

}  // namespace virnucpro::ops
