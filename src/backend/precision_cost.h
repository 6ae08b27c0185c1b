// How a device computes in a precision, and what a weight takes there.
#pragma once

#include <string_view>

#include "tensor/precision.h"

namespace virnucpro {

struct PrecisionCost {
  Precision precision = Precision::kFp16;
  /// For users: "FP16 weights, FP32 products".
  std::string_view computed_as = {};
  /// Resident memory of one weight from a bundle.
  double bytes_per_weight = 2.0;
};

}  // namespace virnucpro
