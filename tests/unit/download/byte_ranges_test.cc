// Sets of bytes: joined, and what is missing.
#include "download/byte_ranges.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace virnucpro {
namespace {

TEST(ByteRanges, JoinWhatTouches) {
  ByteRanges set;
  set.add({10, 20});
  set.add({30, 40});
  set.add({20, 30});
  EXPECT_EQ(set.ranges(), (std::vector<ByteRange>{{10, 40}}));
  set.add({5, 5});
  EXPECT_EQ(set.size(), 30u);
}

TEST(ByteRanges, NameTheFirstMissingPieceOutsideOfThoseAskedFor) {
  ByteRanges set;
  set.add({0, 10});
  set.add({50, 60});
  EXPECT_EQ(set.first_missing(100, 20, {}), (ByteRange{10, 30}));
  EXPECT_EQ(set.first_missing(100, 100, {}), (ByteRange{10, 50}));
  EXPECT_EQ(set.first_missing(100, 100, {{10, 50}}), (ByteRange{60, 100}));
  EXPECT_EQ(set.first_missing(100, 100, {{10, 50}, {60, 100}}), std::nullopt);
  EXPECT_EQ(set.first_missing(10, 100, {}), std::nullopt);
  EXPECT_EQ(ByteRanges().first_missing(0, 10, {}), std::nullopt);
}

TEST(ByteRanges, AreTheSameAsASetOfBytes) {
  std::mt19937 rng(7);
  for (int round = 0; round < 200; ++round) {
    ByteRanges set;
    std::set<std::uint64_t> bytes;
    for (int i = 0; i < 12; ++i) {
      const std::uint64_t begin = rng() % 60;
      const std::uint64_t end = begin + rng() % 9;
      set.add({begin, end});
      for (std::uint64_t byte = begin; byte < end; ++byte) bytes.insert(byte);
      ASSERT_EQ(set.size(), bytes.size());
      for (const ByteRange& range : set.ranges()) {
        ASSERT_FALSE(bytes.contains(range.end));
        for (std::uint64_t byte = range.begin; byte < range.end; ++byte) {
          ASSERT_TRUE(bytes.contains(byte));
        }
      }
    }
    const auto missing = set.first_missing(70, 5, {});
    ASSERT_TRUE(missing.has_value());
    EXPECT_FALSE(bytes.contains(missing->begin));
    EXPECT_TRUE(missing->begin == 0 || bytes.contains(missing->begin - 1));
    EXPECT_LE(missing->size(), 5u);
  }
}

}  // namespace
}  // namespace virnucpro
