// Byte-pair encoding by its definition.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer_json.h"

namespace virnucpro::test {

/// `ids`, merged: again and again the leftmost pair of the lowest rank.
inline std::vector<std::int32_t> merged_naively(std::vector<std::int32_t> ids,
                                                const std::vector<TokenizerFile::Merge>& merges) {
  for (std::size_t rank = 0; rank < merges.size();) {
    const auto [left, right, joined] = merges[rank];
    std::size_t at = 0;
    while (at + 1 < ids.size() && (ids[at] != left || ids[at + 1] != right)) ++at;
    if (at + 1 >= ids.size()) {
      ++rank;
      continue;
    }
    ids[at] = joined;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    rank = 0;
  }
  return ids;
}

}  // namespace virnucpro::test
