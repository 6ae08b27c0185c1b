// Element-wise change of the floating type.
#pragma once

#include "tensor/view.h"

namespace virnucpro::ops {

/// output = input, rounded to nearest even where the output type is narrower. Both [m, n], not
/// overlapping; any pair of floating types.
struct Convert {
  ConstMatrix input;
  Matrix output;
};

void validate(const Convert& op);

}  // namespace virnucpro::ops
