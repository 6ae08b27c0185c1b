#include "backend/cuda/attention_tiling.h"

namespace virnucpro::cuda {

std::vector<AttentionTile> attention_tiles(const ops::Sequences& sequences, int query_rows) {
  std::vector<AttentionTile> tiles;
  for (std::int64_t i = 0; i < sequences.count(); ++i) {
    const auto first = static_cast<std::int32_t>(sequences.begin(i));
    const auto length = static_cast<std::int32_t>(sequences.length(i));
    for (std::int32_t query = 0; query < length; query += query_rows) {
      tiles.push_back({first, length, query});
    }
  }
  return tiles;
}

}  // namespace virnucpro::cuda
