#include "base/name_hash.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace virnucpro {
namespace {

/// A bijection of 64-bit words that spreads every bit (the finaliser of MurmurHash3, public
/// domain).
std::uint64_t mix(std::uint64_t word) {
  word ^= word >> 33;
  word *= 0xff51afd7ed558ccdULL;
  word ^= word >> 33;
  word *= 0xc4ceb9fe1a85ec53ULL;
  return word ^ (word >> 33);
}

}  // namespace

NameHash hash_of_name(std::string_view name) {
  std::uint64_t low = 0x9e3779b97f4a7c15ULL ^ name.size();
  std::uint64_t high = 0xd1b54a32d192ed03ULL + name.size();
  while (!name.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min<std::size_t>(name.size(), 8);
    std::memcpy(&word, name.data(), count);
    name.remove_prefix(count);
    low = mix(low ^ word) * 0x9fb21c651e98df25ULL;
    high = mix(high + word) ^ (high << 23 | high >> 41);
  }
  return {mix(low ^ (high >> 32)), mix(high)};
}

}  // namespace virnucpro
