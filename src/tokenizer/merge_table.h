// The merges of a byte-pair vocabulary, found by the two tokens they join.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "tokenizer/tokenizer_json.h"

namespace virnucpro {

/// A hash table. Immutable: any number of threads may look up at once.
class MergeTable {
 public:
  static constexpr std::uint32_t kNoRank = std::numeric_limits<std::uint32_t>::max();

  struct Merge {
    std::uint64_t pair;
    std::uint32_t rank;   ///< kNoRank where there is no such merge
    std::int32_t joined;  ///< the token that it makes
  };

  explicit MergeTable(const std::vector<TokenizerFile::Merge>& merges);

  const Merge& find(std::int32_t left, std::int32_t right) const {
    const std::uint64_t key = pair_key(left, right);
    std::size_t at = slot_of(key);
    while (slots_[at].rank != kNoRank && slots_[at].pair != key) at = next(at);
    return slots_[at];
  }

 private:
  static std::uint64_t pair_key(std::int32_t left, std::int32_t right) {
    return (static_cast<std::uint64_t>(left) << 32) | static_cast<std::uint32_t>(right);
  }
  // Fibonacci hashing: the high bits of the product depend on all bits of the key.
  std::size_t slot_of(std::uint64_t key) const {
    return static_cast<std::size_t>(
        ((key ^ (key >> 32) * 0xbf58476d1ce4e5b9u) * 0x9e3779b97f4a7c15u) >> shift_);
  }
  std::size_t next(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }

  std::vector<Merge> slots_;
  unsigned shift_;
};

}  // namespace virnucpro
