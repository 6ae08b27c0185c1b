// The arithmetic an encoder is loaded with. Which one is used is decided in
// models/precision_policy.
#pragma once

#include <array>
#include <string_view>

#include "tensor/data_type.h"

namespace virnucpro {

/// fp16 and bf16: weights of that type, products summed in float32. int8 and fp8: dense layers
/// multiply 8-bit weights and inputs, whole numbers or E4M3 floats (ops/linear.h), all else is as
/// with fp16. fp32: the diagnostic mode. Not every device has fp8: Backend::offers().
enum class Precision { kFp16, kBf16, kInt8, kFp8, kFp32 };

inline constexpr std::array kPrecisions = {Precision::kFp16, Precision::kBf16, Precision::kInt8,
                                           Precision::kFp8, Precision::kFp32};

constexpr std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::kFp16:
      return "fp16";
    case Precision::kBf16:
      return "bf16";
    case Precision::kInt8:
      return "int8";
    case Precision::kFp8:
      return "fp8";
    case Precision::kFp32:
      return "fp32";
  }
  return "?";
}

/// The type in which the encoders' embedding tables are stored.
constexpr DataType weight_type(Precision precision) {
  switch (precision) {
    case Precision::kFp16:
    case Precision::kInt8:
    case Precision::kFp8:
      return DataType::kFloat16;
    case Precision::kBf16:
      return DataType::kBFloat16;
    case Precision::kFp32:
      return DataType::kFloat32;
  }
  return DataType::kFloat32;
}

/// The type in which the encoders' dense layers are multiplied.
constexpr DataType linear_type(Precision precision) {
  if (precision == Precision::kInt8) return DataType::kInt8;
  if (precision == Precision::kFp8) return DataType::kFloat8E4M3;
  return weight_type(precision);
}

}  // namespace virnucpro
