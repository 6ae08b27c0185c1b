// Bases in about a quarter of their size, exactly: two bits a letter, and what is not plain ACGT
// beside them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// Appends the packed form of `bases` (any bytes) to `packed`: two bits a letter, then runs of
/// lower case and of other letters. Where that would be larger than the bases, they are stored as
/// they are. The same bases always give the same bytes. Thread-safe.
void pack_bases(std::string_view bases, std::vector<std::byte>& packed);

/// Replaces `bases` by what was packed. `length` is what the caller knows of it; false when
/// `packed` is not the packed form of that many bases. Never reads or writes beyond them.
[[nodiscard]] bool unpack_bases(std::span<const std::byte> packed, std::uint64_t length,
                                std::string& bases);

}  // namespace virnucpro
