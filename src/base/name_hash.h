// Hashes of names of records and reads, the same in every process.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

namespace virnucpro {

/// 128 bits. Two of ten million names share them with a probability of 1e-24. Each half alone is a
/// hash of 64 bits, all of them spread. Not for names that somebody chose in order to collide.
struct NameHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  auto operator<=>(const NameHash&) const = default;  // NOLINT(modernize-use-nullptr)
};

/// Pure.
NameHash hash_of_name(std::string_view name);

}  // namespace virnucpro
