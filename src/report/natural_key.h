// Keys that put names in natural order: NODE_2 before NODE_10.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace virnucpro {

/// Appends a text whose byte order is the natural order of names: runs of digits compare as
/// numbers, all else as lower-case letters; names that are equal so stay in the order of their
/// `ordinal`. `name` is escaped (base/escape.h); the key has no tab and no line end.
void append_natural_key(std::string& key, std::string_view name, std::uint64_t ordinal);

}  // namespace virnucpro
