// The arithmetic an encoder is loaded with. Which one is used is decided in
// models/precision_policy.
#pragma once

#include <string_view>

#include "tensor/data_type.h"

namespace virnucpro {

/// fp16 and bf16: weights of that type, products summed in float32. fp32: the diagnostic mode.
enum class Precision { kFp16, kBf16, kFp32 };

constexpr std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::kFp16:
      return "fp16";
    case Precision::kBf16:
      return "bf16";
    case Precision::kFp32:
      return "fp32";
  }
  return "?";
}

/// The type in which the encoders' matrices are stored.
constexpr DataType weight_type(Precision precision) {
  switch (precision) {
    case Precision::kFp16:
      return DataType::kFloat16;
    case Precision::kBf16:
      return DataType::kBFloat16;
    case Precision::kFp32:
      return DataType::kFloat32;
  }
  return DataType::kFloat32;
}

}  // namespace virnucpro
