#include "models/batch_parts.h"

#include <algorithm>

namespace virnucpro {
namespace {

// The layers of such a model (0.8 MB in float32 for ESM-2) stay in the second cache of a core
// beside a part's activations, and its weights are packed once, so that a part costs no packing.
constexpr std::int64_t kNarrowWidth = 128;

// A token's activations take 3.5 KB at a width of 128: the largest part has 1.8 MB of them, of
// which an operation uses a third, so that they stay in a core's caches. Small batches are divided
// finer, so that every lane has work, but a part below the least costs more in calls than it gains.
constexpr std::int64_t kMostPartTokens = 512;
constexpr std::int64_t kLeastPartTokens = 128;
constexpr std::int64_t kPartsPerLane = 4;

std::int64_t rows_of(const ops::Sequences& sequences, std::int64_t i) {
  return sequences.is_packed() ? sequences.length(i) : sequences.row_length;
}

}  // namespace

bool computes_in_parts(std::int64_t width, Backend& backend) {
  return width <= kNarrowWidth && !backend.lanes().empty();
}

void plan_parts(const ops::Sequences& sequences, std::size_t lanes,
                std::vector<std::int64_t>& begins) {
  const std::int64_t count = sequences.count();
  const std::int64_t rows = sequences.begin(count - 1) + rows_of(sequences, count - 1);
  const std::int64_t most = std::clamp(rows / (kPartsPerLane * static_cast<std::int64_t>(lanes)),
                                       kLeastPartTokens, kMostPartTokens);
  begins.assign(1, 0);
  std::int64_t taken = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int64_t more = rows_of(sequences, i);
    if (taken > 0 && taken + more > most) {
      begins.push_back(i);
      taken = 0;
    }
    taken += more;
  }
  begins.push_back(count);
}

BatchPart part_of(const ops::Sequences& sequences, ConstInts tokens, std::int64_t first,
                  std::int64_t count, std::vector<std::int32_t>& offsets) {
  const std::int64_t begin = sequences.begin(first);
  const std::int64_t rows =
      sequences.begin(first + count - 1) + rows_of(sequences, first + count - 1) - begin;
  const ConstInts part{tokens.data + begin, rows};
  if (!sequences.is_packed()) {
    return {part,
            ops::Sequences::padded({sequences.offsets.data + first, count}, sequences.row_length)};
  }
  offsets.clear();
  for (std::int64_t i = 0; i <= count; ++i) {
    offsets.push_back(sequences.offsets.data[first + i] - static_cast<std::int32_t>(begin));
  }
  return {part, ops::Sequences::packed({offsets.data(), count + 1})};
}

}  // namespace virnucpro
