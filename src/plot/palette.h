// The colours of all figures.
#pragma once

#include <array>
#include <cstdint>

namespace virnucpro {

struct Colour {
  std::uint8_t red = 0;
  std::uint8_t green = 0;
  std::uint8_t blue = 0;

  friend constexpr bool operator==(const Colour&, const Colour&) = default;
};

/// The colour between `colour` (0) and white (1).
constexpr Colour tinted(Colour colour, double share) {
  const auto towards_white = [share](std::uint8_t part) {
    return static_cast<std::uint8_t>(part + (255.0 - part) * share + 0.5);
  };
  return {towards_white(colour.red), towards_white(colour.green), towards_white(colour.blue)};
}

inline constexpr Colour kBlack = {0x22, 0x22, 0x22};
inline constexpr Colour kGrey = {0x59, 0x59, 0x59};       // of smaller texts: 7 : 1 on white
inline constexpr Colour kLightGrey = {0xdd, 0xdd, 0xdd};  // of grids
inline constexpr Colour kWhite = {0xff, 0xff, 0xff};

// Okabe and Ito's palette, which colour-blind readers can tell apart (jfly.uni-koeln.de/color). The
// two of calls differ in lightness as well, for prints without colours.
inline constexpr Colour kVirusColour = {0xd5, 0x5e, 0x00};
inline constexpr Colour kOthersColour = {0x56, 0xb4, 0xe9};
inline constexpr std::array<Colour, 4> kSeriesColours = {
    {{0x00, 0x72, 0xb2}, {0xd5, 0x5e, 0x00}, {0x00, 0x9e, 0x73}, {0xcc, 0x79, 0xa7}}};

}  // namespace virnucpro
