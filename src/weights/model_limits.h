// Bounds that hold for any usable model; they keep products of sizes far from overflow.
#pragma once

#include <cstdint>

namespace virnucpro {

inline constexpr std::int64_t kMostLayers = 1000;
/// In elements, of hidden states and of what is between two dense layers.
inline constexpr std::int64_t kWidest = 1 << 20;
/// In bases: of the chunks that a classifier expects.
inline constexpr std::int64_t kLongestChunk = std::int64_t{1} << 30;

}  // namespace virnucpro
