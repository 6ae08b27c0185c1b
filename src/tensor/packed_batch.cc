#include "tensor/packed_batch.h"

#include <algorithm>

#include "base/check.h"

namespace virnucpro {

std::int32_t PackedBatch::longest() const {
  std::int32_t longest = 0;
  for (std::size_t i = 1; i < cu_seqlens.size(); ++i) {
    longest = std::max(longest, cu_seqlens[i] - cu_seqlens[i - 1]);
  }
  return longest;
}

void PackedBatch::clear() {
  tokens.clear();
  cu_seqlens.assign(1, 0);
}

void PackedBatch::validate() const {
  check(!cu_seqlens.empty() && cu_seqlens.front() == 0, "cu_seqlens must start with 0");
  for (std::size_t i = 1; i < cu_seqlens.size(); ++i) {
    check(cu_seqlens[i] > cu_seqlens[i - 1],
          "cu_seqlens must increase strictly: [{}] = {} after {}", i, cu_seqlens[i],
          cu_seqlens[i - 1]);
  }
  check(cu_seqlens.back() == token_count(), "cu_seqlens ends at {} but there are {} tokens",
        cu_seqlens.back(), token_count());
}

void PaddedBatch::validate() const {
  check(tokens.size() == lengths.size() * static_cast<std::size_t>(length),
        "{} tokens for {} rows of {}", tokens.size(), lengths.size(), length);
  for (const std::int32_t n : lengths) {
    check(n >= 1 && n <= length, "a sequence of {} tokens in rows of {}", n, length);
  }
}

PaddedBatch pad(const PackedBatch& packed, std::int32_t padding) {
  PaddedBatch padded;
  padded.length = packed.longest();
  const auto rows = static_cast<std::size_t>(packed.sequences());
  const auto width = static_cast<std::size_t>(padded.length);
  padded.tokens.assign(rows * width, padding);
  padded.lengths.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int32_t begin = packed.cu_seqlens[i];
    const std::int32_t end = packed.cu_seqlens[i + 1];
    padded.lengths[i] = end - begin;
    std::copy(packed.tokens.begin() + begin, packed.tokens.begin() + end,
              padded.tokens.begin() + static_cast<std::ptrdiff_t>(i * width));
  }
  return padded;
}

}  // namespace virnucpro
