// The GPU attention kernel's index arithmetic, on the host: tiles, and a whole tile computed
// through the fragments that each lane would hold.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <set>
#include <vector>

#include "backend/cuda/attention_tiling.h"

namespace virnucpro::cuda {
namespace {

constexpr int kRows = 64;  // queries of a block here

ops::Sequences packed(const std::vector<std::int32_t>& offsets) {
  return ops::Sequences::packed({offsets.data(), static_cast<std::int64_t>(offsets.size())});
}

TEST(AttentionTiles, CoverEveryQueryOnceAndNoPadding) {
  const std::vector<std::int32_t> offsets = {0, 1, 65, 129, 300, 364};
  const auto tiles = attention_tiles(packed(offsets), kRows);
  std::vector<int> covered(364, 0);
  for (const AttentionTile& tile : tiles) {
    EXPECT_LT(tile.first_query, tile.length);
    for (int q = tile.first_query; q < std::min(tile.length, tile.first_query + kRows); ++q) {
      ++covered[static_cast<std::size_t>(tile.first_row + q)];
    }
  }
  EXPECT_THAT(covered, testing::Each(1));
  EXPECT_EQ(tiles.size(), 1u + 1u + 1u + 3u + 1u);
}

TEST(AttentionTiles, OfPaddedSequencesAreThoseOfPackedOnesElsewhere) {
  const std::vector<std::int32_t> lengths = {70, 3, 128};
  const std::vector<std::int32_t> offsets = {0, 70, 73, 201};
  const auto in_pack = attention_tiles(packed(offsets), kRows);
  const auto in_rows = attention_tiles(ops::Sequences::padded({lengths.data(), 3}, 128), kRows);
  ASSERT_EQ(in_pack.size(), in_rows.size());
  for (std::size_t i = 0; i < in_pack.size(); ++i) {
    EXPECT_EQ(in_pack[i].length, in_rows[i].length);
    EXPECT_EQ(in_pack[i].first_query, in_rows[i].first_query);
    EXPECT_EQ(in_rows[i].first_row % 128, 0);
  }
}

TEST(AttentionTiling, WidthsOfTheModelsAndWhatTheyTake) {
  // ESM-2 8M, 35M, 150M, 650M and 3B, 15B; DNABERT-S has 64, too.
  EXPECT_EQ(padded_head_width(16), 16);
  EXPECT_EQ(padded_head_width(24), 32);
  EXPECT_EQ(padded_head_width(32), 32);
  EXPECT_EQ(padded_head_width(64), 64);
  EXPECT_EQ(padded_head_width(128), 128);
  EXPECT_EQ(padded_head_width(129), 0);
  // A pair of tiles, and the queries of six warps.
  EXPECT_EQ(attention_shared_bytes(64), (2 * 32 + 6 * 32) * 72 * 2);
  EXPECT_EQ(attention_shared_bytes(128), (2 * 32 + 6 * 16) * 136 * 2);
}

TEST(AttentionTiling, BlocksHaveNoMoreWarpsThanQueries) {
  EXPECT_EQ(attention_warps(0, 64), 1);
  EXPECT_EQ(attention_warps(32, 64), 1);
  EXPECT_EQ(attention_warps(33, 64), 2);
  EXPECT_EQ(attention_warps(168, 64), 6);  // a protein of a 500-base chunk: one block
  EXPECT_EQ(attention_warps(110, 64), 4);
  EXPECT_EQ(attention_warps(100000, 64), 6);
  EXPECT_EQ(attention_warps(33, 128), 3);  // half as many rows a warp
}

TEST(AttentionTiling, KeysAreWholeInstructionsAndNoMore) {
  EXPECT_EQ(keys_to_compute(1, 0, 64), 16);
  EXPECT_EQ(keys_to_compute(16, 0, 64), 16);
  EXPECT_EQ(keys_to_compute(17, 0, 64), 32);
  EXPECT_EQ(keys_to_compute(64, 0, 64), 64);
  EXPECT_EQ(keys_to_compute(200, 64, 64), 64);
  EXPECT_EQ(keys_to_compute(168, 128, 64), 48);
  EXPECT_EQ(keys_to_compute(168, 128, 32), 32);
}

TEST(AttentionTiling, PacksAreWholeInEveryHalfAndAligned) {
  EXPECT_EQ(attention_pack(64, 7680, 256, true), 8);
  EXPECT_EQ(attention_pack(24, 1440, 256, true), 4);  // halves of 12
  EXPECT_EQ(attention_pack(24, 1440, 256, false), 8);
  EXPECT_EQ(attention_pack(16, 960, 256, true), 8);
  EXPECT_EQ(attention_pack(64, 7681, 256, true), 1);
  EXPECT_EQ(attention_pack(64, 7680, 258, false), 1);
  EXPECT_EQ(attention_pack(24, 1444, 256, false), 4);
  EXPECT_EQ(attention_pack(64, 7684, 256, false), 1);
  EXPECT_EQ(attention_pack(7, 21, 256, false), 1);
}

TEST(AttentionTiling, AnglesArePermutedInPairs) {
  for (const auto& [half, pack] : {std::pair{32, 8}, {8, 8}, {12, 4}, {12, 1}, {64, 8}}) {
    std::set<int> places;
    for (int j = 0; j < half; ++j) places.insert(angle_index(j, half, pack));
    EXPECT_EQ(places.size(), static_cast<std::size_t>(half));
    EXPECT_EQ(*places.rbegin(), half - 1);
    for (int j = 0; pack > 1 && j < half; j += 2) {
      EXPECT_EQ(angle_index(j, half, pack) % 2, 0);
      EXPECT_EQ(angle_index(j + 1, half, pack), angle_index(j, half, pack) + 1);
      // The next thread's pair is beside it.
      if (j + pack < half) {
        EXPECT_EQ(angle_index(j + pack, half, pack), angle_index(j, half, pack) + 2);
      }
    }
  }
}

TEST(AttentionTiling, RowsThatOneLoadReadsLieInDifferentBanks) {
  for (const int width : {16, 32, 64, 128}) {
    // Eight rows of 16 bytes are read together; a bank has 4 bytes, there are 32.
    for (const int first : {0, 8}) {
      std::set<int> banks;
      for (int row = 0; row < 8; ++row)
        banks.insert((first + row) * tile_stride(width) * 2 / 16 % 8);
      EXPECT_EQ(banks.size(), 8u) << width;
    }
  }
}

/// What ldmatrix.x4 gives: element `half` of register `m` of `lane` (PTX ISA, "ldmatrix"): the row
/// of matrix m that lane 8 m + lane / 4 names, its column 2 (lane % 4) + half; transposed: the row
/// that lane 8 m + 2 (lane % 4) + half names, its column lane / 4.
struct Source {
  int row;
  int column;
};
template <typename Row, typename Column>
Source loaded(int lane, int m, int half, bool is_transposed, Row row, Column column) {
  const int in_row = is_transposed ? (lane % 4) * 2 + half : lane / 4;
  const int in_column = is_transposed ? lane / 4 : (lane % 4) * 2 + half;
  const int named_by = 8 * m + in_row;
  return {row(named_by), column(named_by) + in_column};
}

using Tile = std::array<std::array<float, 16>, 16>;

Tile random_tile(unsigned seed) {
  std::mt19937 generator(seed);
  Tile tile;
  for (auto& row : tile) {
    for (float& value : row) value = static_cast<float>(static_cast<int>(generator() % 17) - 8);
  }
  return tile;
}

/// mma.m16n8k16 by its definition (PTX ISA): where the elements of A and B lie in the registers.
/// `a` and `b` read registers; the result is [16, 8].
template <typename A, typename B>
std::array<std::array<float, 8>, 16> multiplied(A a, B b) {
  std::array<std::array<float, 16>, 16> left{};
  std::array<std::array<float, 8>, 16> right{};
  for (int lane = 0; lane < 32; ++lane) {
    for (int half = 0; half < 2; ++half) {
      const int group = lane / 4;
      const int pair = (lane % 4) * 2 + half;
      left[static_cast<std::size_t>(group)][static_cast<std::size_t>(pair)] = a(lane, 0, half);
      left[static_cast<std::size_t>(group + 8)][static_cast<std::size_t>(pair)] = a(lane, 1, half);
      left[static_cast<std::size_t>(group)][static_cast<std::size_t>(pair + 8)] = a(lane, 2, half);
      left[static_cast<std::size_t>(group + 8)][static_cast<std::size_t>(pair + 8)] =
          a(lane, 3, half);
      right[static_cast<std::size_t>(pair)][static_cast<std::size_t>(group)] = b(lane, 0, half);
      right[static_cast<std::size_t>(pair + 8)][static_cast<std::size_t>(group)] = b(lane, 1, half);
    }
  }
  std::array<std::array<float, 8>, 16> result{};
  for (std::size_t i = 0; i < 16; ++i) {
    for (std::size_t j = 0; j < 8; ++j) {
      for (std::size_t k = 0; k < 16; ++k) result[i][j] += left[i][k] * right[k][j];
    }
  }
  return result;
}

float at(const Tile& tile, const Source& source) {
  return tile[static_cast<std::size_t>(source.row)][static_cast<std::size_t>(source.column)];
}

TEST(AttentionFragments, ScoresAreQueriesTimesKeys) {
  const Tile q = random_tile(1);  // [query, column]
  const Tile k = random_tile(2);  // [key, column]
  const auto a = [&](int lane, int m, int half) {
    return at(q, loaded(lane, m, half, false, left_row, left_column));
  };
  for (int n = 0; n < 2; ++n) {  // eight keys each
    const auto b = [&](int lane, int m, int half) {
      return at(k, loaded(lane, 2 * n + m, half, false, key_row, key_column));
    };
    const auto scores = multiplied(a, b);
    for (std::size_t i = 0; i < 16; ++i) {
      for (std::size_t j = 0; j < 8; ++j) {
        float expected = 0.0f;
        for (std::size_t c = 0; c < 16; ++c) {
          expected += q[i][c] * k[static_cast<std::size_t>(n) * 8 + j][c];
        }
        EXPECT_EQ(scores[i][j], expected) << n << " " << i << " " << j;
      }
    }
  }
}

TEST(AttentionFragments, AccumulatedScoresBecomeTheLeftSideOfTheNextProduct) {
  const Tile p = random_tile(3);  // [query, key]
  const Tile v = random_tile(4);  // [key, column]
  // Registers of two accumulators [16, 8], packed as the kernel packs them: A's register m is the
  // pair 2 (m % 2) of accumulator m / 2.
  const auto a = [&](int lane, int m, int half) {
    const int i = 2 * (m % 2) + half;
    return p[static_cast<std::size_t>(accumulator_row(lane, i))]
            [static_cast<std::size_t>(m / 2 * 8 + accumulator_column(lane, i))];
  };
  for (int n = 0; n < 2; ++n) {  // eight columns each
    const auto b = [&](int lane, int m, int half) {
      return at(v, loaded(lane, 2 * n + m, half, true, value_row, value_column));
    };
    const auto sums = multiplied(a, b);
    for (std::size_t i = 0; i < 16; ++i) {
      for (std::size_t j = 0; j < 8; ++j) {
        float expected = 0.0f;
        for (std::size_t key = 0; key < 16; ++key) {
          expected += p[i][key] * v[key][static_cast<std::size_t>(n) * 8 + j];
        }
        EXPECT_EQ(sums[i][j], expected) << n << " " << i << " " << j;
      }
    }
  }
}

TEST(AttentionFragments, AccumulatorsHoldEveryElementOnce) {
  std::set<std::pair<int, int>> held;
  for (int lane = 0; lane < 32; ++lane) {
    for (int i = 0; i < 4; ++i)
      held.insert({accumulator_row(lane, i), accumulator_column(lane, i)});
  }
  EXPECT_EQ(held.size(), 16u * 8u);
  EXPECT_EQ(*held.rbegin(), (std::pair{15, 7}));
}

}  // namespace
}  // namespace virnucpro::cuda
