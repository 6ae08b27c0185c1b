// Element types of tensors.
#pragma once

#include <cstddef>
#include <string_view>

namespace virnucpro {

enum class DataType { kFloat32, kFloat16, kBFloat16, kFloat8E4M3, kInt8, kInt32, kInt64 };

constexpr std::size_t size_of(DataType type) {
  switch (type) {
    case DataType::kFloat32:
    case DataType::kInt32:
      return 4;
    case DataType::kFloat16:
    case DataType::kBFloat16:
      return 2;
    case DataType::kFloat8E4M3:
    case DataType::kInt8:
      return 1;
    case DataType::kInt64:
      return 8;
  }
  return 0;
}

/// The name used in messages and files: float32, float16, bfloat16, float8_e4m3, int8, int32,
/// int64.
constexpr std::string_view name_of(DataType type) {
  switch (type) {
    case DataType::kFloat32:
      return "float32";
    case DataType::kFloat16:
      return "float16";
    case DataType::kBFloat16:
      return "bfloat16";
    case DataType::kFloat8E4M3:
      return "float8_e4m3";
    case DataType::kInt8:
      return "int8";
    case DataType::kInt32:
      return "int32";
    case DataType::kInt64:
      return "int64";
  }
  return "?";
}

/// Types that stand for themselves: float8_e4m3 needs a scale for each row (tensor/quantize.h).
constexpr bool is_floating(DataType type) {
  return type == DataType::kFloat32 || type == DataType::kFloat16 || type == DataType::kBFloat16;
}

}  // namespace virnucpro
