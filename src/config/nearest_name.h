// Finds the known name that a mistyped one probably meant.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace virnucpro {

/// The candidate with the fewest edits to `name`, where "-" equals "_" and case is ignored; empty
/// when even that needs more edits than a third of its length. Ties: the first. Pure.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

}  // namespace virnucpro
