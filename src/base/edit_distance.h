// How far apart two names are, for the hint about a mistyped one.
#pragma once

#include <cstddef>
#include <string_view>

namespace virnucpro {

/// Letters to change, add or remove to turn one into the other (Levenshtein 1966). Quadratic: keep
/// the texts short.
std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace virnucpro
