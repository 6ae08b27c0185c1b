// Repeats: found by every byte, forgotten when full, and given the result of their original.
#include "pipeline/repeats.h"

#include <gtest/gtest.h>

#include <random>

#include "base/errors.h"

namespace virnucpro {
namespace {

constexpr RepeatLimits kRoomy = {100, 10'000};

std::string text(std::size_t number) { return "ORF" + std::to_string(number); }

TEST(RepeatFinder, FindsWhatIsEqualInBoth) {
  RepeatFinder finder(kRoomy);
  const ResultRoute first = finder.find("ACGT", "K");
  EXPECT_FALSE(first.is_repeat());
  EXPECT_NE(first.to, ResultRoute::kNone);
  const ResultRoute second = finder.find("ACGT", "K");
  EXPECT_EQ(second.from, first.to);
  EXPECT_EQ(second.to, ResultRoute::kNone);
}

TEST(RepeatFinder, TellsApartWhatDiffersInOneOfBoth) {
  RepeatFinder finder(kRoomy);
  finder.find("ACGT", "KL");
  EXPECT_FALSE(finder.find("ACGT", "KM").is_repeat());  // dropped codons make this possible
  EXPECT_FALSE(finder.find("ACGA", "KL").is_repeat());
  EXPECT_FALSE(finder.find("ACGTK", "L").is_repeat());  // the same bytes, parted elsewhere
  EXPECT_FALSE(finder.find("", "ACGTKL").is_repeat());
  EXPECT_TRUE(finder.find("ACGT", "KL").is_repeat());
}

TEST(RepeatFinder, ForgetsTheOldestWhenItIsFull) {
  RepeatFinder finder({10, 10'000});  // two generations of five
  for (std::size_t i = 0; i < 11; ++i) EXPECT_FALSE(finder.find(text(i), "M").is_repeat());
  EXPECT_TRUE(finder.find(text(10), "M").is_repeat());
  EXPECT_TRUE(finder.find(text(5), "M").is_repeat());
  EXPECT_FALSE(finder.find(text(4), "M").is_repeat());
}

TEST(RepeatFinder, KeepsWhatComesOften) {
  RepeatFinder finder({10, 10'000});
  finder.find("often", "M");
  for (std::size_t i = 0; i < 100; ++i) {
    finder.find(text(i), "M");
    if (i % 4 != 3) continue;
    EXPECT_TRUE(finder.find("often", "M").is_repeat()) << i;
  }
}

TEST(RepeatFinder, IsBoundedInBytesToo) {
  RepeatFinder finder({1000, 200});  // two generations of 100 bytes
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_FALSE(
        finder.find(std::string(40, static_cast<char>('A' + i % 26)) + text(i), "M").is_repeat());
  }
  EXPECT_TRUE(
      finder.find(std::string(40, static_cast<char>('A' + 49 % 26)) + text(49), "M").is_repeat());
  EXPECT_FALSE(finder.find(std::string(40, 'A') + text(0), "M").is_repeat());
}

TEST(RepeatFinder, LeavesOutWhatIsTooLongToRemember) {
  RepeatFinder finder({10, 100});
  const std::string lengthy(51, 'A');
  EXPECT_EQ(finder.find(lengthy, "").to, ResultRoute::kNone);
  EXPECT_FALSE(finder.find(lengthy, "").is_repeat());
  RepeatFinder none({0, 0});
  EXPECT_EQ(none.find("A", "K").to, ResultRoute::kNone);
  EXPECT_FALSE(none.find("A", "K").is_repeat());
}

// The results are the same whatever is forgotten in between, and however windows cut the stream.
TEST(RepeatedResults, GivesEveryOrfTheResultOfItsText) {
  for (const RepeatLimits limits : {RepeatLimits{0, 0}, RepeatLimits{2, 1000}, RepeatLimits{7, 60},
                                    RepeatLimits{20, 10'000}, RepeatLimits{5000, 500'000}}) {
    for (const std::size_t window : {1u, 3u, 50u, 4000u}) {
      RepeatFinder finder(limits);
      RepeatedResults results(limits, 2);
      std::mt19937 random(11);
      std::size_t repeats = 0;
      for (std::size_t done = 0; done < 4000; done += window) {
        std::vector<ResultRoute> routes;
        std::vector<float> rows;
        std::vector<float> expected;
        for (std::size_t i = 0; i < window; ++i) {
          const std::size_t number = random() % 40;
          routes.push_back(finder.find(text(number), "M"));
          const bool repeat = routes.back().is_repeat();
          repeats += repeat ? 1 : 0;
          for (const float value : {static_cast<float>(number), 0.5f}) {
            rows.push_back(repeat ? 0.0f : value);
            expected.push_back(value);
          }
        }
        results.complete(routes, rows);
        ASSERT_EQ(rows, expected) << limits.orfs << ' ' << window << ' ' << done;
      }
      // All 40 are remembered by the roomiest alone, none by the first.
      EXPECT_EQ(repeats > 0, limits.orfs > 0);
      EXPECT_EQ(repeats >= 3960, limits.orfs == 5000) << repeats;
    }
  }
}

TEST(RepeatedResults, RefusesRowsOfAnotherSize) {
  RepeatedResults results(kRoomy, 2);
  std::vector<float> rows(3);
  const std::vector<ResultRoute> routes(2);
  EXPECT_THROW(results.complete(routes, rows), ContractError);
}

TEST(RepeatLimits, AreNoMoreThanAShortInputFills) {
  EXPECT_EQ(repeat_limits(2, 0).orfs, 0u);
  const RepeatLimits few = repeat_limits(2, 500);
  EXPECT_LT(few.key_bytes + 32 * few.orfs, 100'000u);
  RepeatFinder finder(few);
  for (int i = 0; i < 6; ++i) finder.find(std::string(500, "ACGTNR"[i]), std::string(166, 'K'));
  EXPECT_TRUE(finder.find(std::string(500, 'A'), std::string(166, 'K')).is_repeat());
}

TEST(RepeatLimits, StayWithinTheirBudget) {
  for (const std::size_t row_floats : {2u, 160u, 3328u}) {
    const RepeatLimits limits = repeat_limits(row_floats);
    EXPECT_LE(limits.key_bytes + limits.orfs * (24 + 4 * row_floats), std::size_t{64} << 20);
    EXPECT_GT(limits.orfs, 4000u);
  }
  EXPECT_GT(repeat_limits(2).orfs, 95'000u);
}

}  // namespace
}  // namespace virnucpro
