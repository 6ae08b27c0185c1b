// Numbers of things in messages: "1 shard", "2 shards".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/format.h"

namespace virnucpro {

/// "1 record has", "2 records have".
inline std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

/// For nouns whose plural ends in s.
inline std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace virnucpro
