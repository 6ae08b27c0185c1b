// Stores bases in about a quarter of their size without loss: two bits a letter, and beside them
// whatever is not plain ACGT.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {

/// Appends the packed form of `bases` (any bytes) to `packed`: two bits a letter, then runs of
/// lower case and of other letters. Bases are stored as they are where that is smaller. The same
/// bases always give the same bytes. Thread-safe.
void pack_bases(std::string_view bases, std::vector<std::byte>& packed);

/// Replaces `bases` by what was packed. `length` is the number of bases that the caller expects;
/// false when `packed` does not hold exactly that many. Never reads or writes beyond them.
[[nodiscard]] bool unpack_bases(std::span<const std::byte> packed, std::uint64_t length,
                                std::string& bases);

}  // namespace virnucpro
