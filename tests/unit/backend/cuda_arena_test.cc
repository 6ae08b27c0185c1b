// The ranges that a GPU's memory is divided into.
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "backend/cuda/arena.h"
#include "base/errors.h"

namespace virnucpro::cuda {
namespace {

constexpr std::size_t kUnit = Arena::kAlignment;

TEST(CudaArena, GivesAlignedRangesUntilNothingIsLeft) {
  Arena arena(4 * kUnit + 100);  // the rest is less than a unit
  EXPECT_EQ(arena.capacity(), 4 * kUnit);
  EXPECT_EQ(arena.take(1), 0u);
  EXPECT_EQ(arena.take(kUnit + 1), kUnit);
  EXPECT_EQ(arena.used(), 3 * kUnit);
  EXPECT_EQ(arena.take(kUnit + 1), std::nullopt);
  EXPECT_EQ(arena.take(0), 3 * kUnit);  // no bytes have an address, too
  EXPECT_EQ(arena.take(0), std::nullopt);
  EXPECT_EQ(arena.take(~std::size_t{0}), std::nullopt);
}

TEST(CudaArena, FreeNeighboursBecomeOne) {
  for (const int order : {0, 1, 2, 3, 4, 5}) {
    Arena arena(3 * kUnit);
    std::size_t pieces[3] = {*arena.take(kUnit), *arena.take(kUnit), *arena.take(kUnit)};
    constexpr int kOrders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                   {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (const int i : kOrders[order]) arena.give_back(pieces[i]);
    EXPECT_EQ(arena.largest_free(), 3 * kUnit) << order;
    EXPECT_EQ(arena.used(), 0u);
    EXPECT_EQ(arena.take(3 * kUnit), 0u) << order;
  }
}

TEST(CudaArena, TakesTheSmallestRangeThatFits) {
  Arena arena(10 * kUnit);
  const std::size_t large = *arena.take(3 * kUnit);
  arena.take(kUnit);
  const std::size_t small = *arena.take(kUnit);
  arena.take(5 * kUnit);
  arena.give_back(large);
  arena.give_back(small);
  EXPECT_EQ(arena.take(kUnit), small);
  EXPECT_EQ(arena.take(2 * kUnit), large);
}

TEST(CudaArena, RemembersThePeak) {
  Arena arena(8 * kUnit);
  const std::size_t piece = *arena.take(5 * kUnit);
  arena.give_back(piece);
  arena.take(2 * kUnit);
  EXPECT_EQ(arena.peak(), 5 * kUnit);
  arena.restart_peak();
  EXPECT_EQ(arena.peak(), 2 * kUnit);
}

TEST(CudaArena, RefusesWhatWasNeverTaken) {
  Arena arena(2 * kUnit);
  EXPECT_THROW(arena.give_back(0), ContractError);
  const std::size_t piece = *arena.take(1);
  arena.give_back(piece);
  EXPECT_THROW(arena.give_back(piece), ContractError);
}

TEST(CudaArena, PiecesNeverOverlapAndNothingIsLost) {
  constexpr std::size_t kCapacity = 1000 * kUnit;
  Arena arena(kCapacity);
  std::map<std::size_t, std::size_t> pieces;  // end by begin
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) {
    if (random() % 2 == 0 || pieces.empty()) {
      const std::size_t bytes = random() % (40 * kUnit) + 1;
      const auto begin = arena.take(bytes);
      if (!begin) {
        EXPECT_LT(arena.largest_free(), bytes + kUnit);
        continue;
      }
      const std::size_t end = *begin + (bytes + kUnit - 1) / kUnit * kUnit;
      ASSERT_LE(end, kCapacity);
      const auto next = pieces.lower_bound(*begin);
      ASSERT_TRUE(next == pieces.end() || end <= next->first);
      ASSERT_TRUE(next == pieces.begin() || std::prev(next)->second <= *begin);
      pieces.emplace(*begin, end);
    } else {
      auto piece = std::next(pieces.begin(), static_cast<std::ptrdiff_t>(random() % pieces.size()));
      arena.give_back(piece->first);
      pieces.erase(piece);
    }
  }
  for (const auto& [begin, end] : pieces) arena.give_back(begin);
  EXPECT_EQ(arena.largest_free(), kCapacity);
}

}  // namespace
}  // namespace virnucpro::cuda
