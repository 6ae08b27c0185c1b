// "2/5": which part of a run this is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace virnucpro {

/// More jobs than any scheduler takes in one array.
inline constexpr std::size_t kMaxShards = 65536;

/// Part `number` of `of`, counted from 1: the records whose ordinal is number - 1, modulo `of`.
struct ShardNumber {
  std::uint64_t number = 1;
  std::uint64_t of = 1;
};

/// Nothing unless 1 <= number <= of <= kMaxShards.
std::optional<ShardNumber> parse_shard(std::string_view text);

}  // namespace virnucpro
