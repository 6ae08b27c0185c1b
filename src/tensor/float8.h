// 8-bit floats, E4M3 as in the OCP 8-bit floating point specification, with exact conversions.
#pragma once

#include <bit>
#include <cstdint>

namespace virnucpro {

/// Sign, 4 bits of exponent with the bias 7, 3 of mantissa. No infinity; NaN is 0x7f and 0xff. The
/// largest value is 448, the smallest normal one 2^-6, the smallest one 2^-9.
struct Float8E4M3 {
  std::uint8_t bits = 0;
};

/// Exact.
constexpr float to_float(Float8E4M3 value) {
  const std::uint32_t sign = (value.bits & 0x80u) << 24;
  const std::uint32_t magnitude = value.bits & 0x7fu;
  if (magnitude == 0x7fu) return std::bit_cast<float>(sign | 0x7fc00000u);
  if (magnitude >= 8u) return std::bit_cast<float>(sign | ((magnitude + (120u << 3)) << 20));
  // A subnormal one is mantissa * 2^-9, which float32 holds exactly.
  const float subnormal = static_cast<float>(magnitude) * 0x1p-9f;
  return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(subnormal));
}

/// Rounds to nearest, ties to even; what is too large becomes 448 (as on GPUs), NaN stays NaN.
constexpr Float8E4M3 to_float8(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = (bits >> 24) & 0x80u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  const auto with_sign = [sign](std::uint32_t rest) {
    return Float8E4M3{static_cast<std::uint8_t>(sign | rest)};
  };
  if (magnitude > 0x7f800000u) return with_sign(0x7fu);
  if (magnitude >= 0x43e00000u) return with_sign(0x7eu);  // 448
  if (magnitude < 0x3c800000u) {                          // below 2^-6: subnormal or zero
    // The last bit of a float32 sum just above 2^14 is worth 2^-9: the adder itself rounds.
    const float shifted = std::bit_cast<float>(magnitude) + 0x1p14f;
    return with_sign(std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(0x1p14f));
  }
  const std::uint32_t rounded = magnitude + 0x7ffffu + ((magnitude >> 20) & 1u);
  return with_sign((rounded >> 20) - (120u << 3));
}

}  // namespace virnucpro
