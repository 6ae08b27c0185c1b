// Token batches on the host: packed (no padding) and padded.
#pragma once

#include <cstdint>
#include <vector>

namespace virnucpro {

/// Sequences one after the other. Sequence i is tokens[cu_seqlens[i], cu_seqlens[i + 1]).
/// cu_seqlens starts at 0, is strictly increasing and ends at the token count.
struct PackedBatch {
  std::vector<std::int32_t> tokens;
  std::vector<std::int32_t> cu_seqlens = {0};

  std::int64_t sequences() const { return static_cast<std::int64_t>(cu_seqlens.size()) - 1; }
  std::int64_t token_count() const { return static_cast<std::int64_t>(tokens.size()); }
  std::int32_t longest() const;
  void clear();
  /// Throws ContractError when the offsets break the rules above.
  void validate() const;
};

/// Sequence i is tokens[i * length, i * length + lengths[i]); the rest of its row is padding.
struct PaddedBatch {
  std::vector<std::int32_t> tokens;
  std::vector<std::int32_t> lengths;
  std::int32_t length = 0;

  std::int64_t sequences() const { return static_cast<std::int64_t>(lengths.size()); }
  /// Throws ContractError when a length is not in 1..length or the sizes do not fit.
  void validate() const;
};

/// The same sequences with rows as long as the longest, filled up with `padding`.
PaddedBatch pad(const PackedBatch& packed, std::int32_t padding);

}  // namespace virnucpro
