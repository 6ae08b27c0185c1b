// What a precision costs on a device, before anything is measured.
#pragma once

#include <string_view>

#include "tensor/precision.h"

namespace virnucpro {

struct PrecisionCost {
  Precision precision = Precision::kFp16;
  /// For users: "FP16 weights, FP32 products".
  std::string_view computed_as = {};
  /// Expected speed of a whole run with large models, fp16 on the same device being 1.
  double expected_speed = 1.0;
  /// Resident memory of one weight from a bundle.
  double bytes_per_weight = 2.0;
};

/// For users: no embedding is expected to have a lower cosine to its float64 value. What tests
/// demand of each precision is in docs/numerics.md#9-how-close-it-must-be.
constexpr double worst_cosine(Precision precision) {
  switch (precision) {
    case Precision::kFp16:
    case Precision::kFp32:
      return 0.99999;
    case Precision::kBf16:
      return 0.999;
    case Precision::kInt8:
      return 0.99;
  }
  return 0.0;
}

}  // namespace virnucpro
