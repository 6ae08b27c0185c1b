#include "tokenizer/merge_table.h"

#include <algorithm>
#include <bit>

namespace virnucpro {

// At most a quarter full: most look-ups find nothing and should end at the first slot.
MergeTable::MergeTable(const std::vector<TokenizerFile::Merge>& merges)
    : slots_(std::bit_ceil(std::max<std::size_t>(merges.size() * 4, 2)), Merge{0, kNoRank, 0}),
      shift_(64 - static_cast<unsigned>(std::countr_zero(slots_.size()))) {
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const std::uint64_t key = pair_key(merges[rank].left, merges[rank].right);
    std::size_t at = slot_of(key);
    while (slots_[at].rank != kNoRank) at = next(at);
    slots_[at] = Merge{key, static_cast<std::uint32_t>(rank), merges[rank].joined};
  }
}

}  // namespace virnucpro
