// Round numbers on axes.
#include "plot/axes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace virnucpro {
namespace {

using testing::DoubleEq;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(RoundTicks, AreMultiplesOfRoundSteps) {
  EXPECT_THAT(round_ticks(0.0, 1.0, 6),
              ElementsAre(DoubleEq(0.0), DoubleEq(0.2), DoubleEq(0.4), DoubleEq(0.2 * 3),
                          DoubleEq(0.8), DoubleEq(1.0)));
  EXPECT_THAT(round_ticks(0.0, 5.243, 4), ElementsAre(0.0, 2.0, 4.0));
  EXPECT_THAT(round_ticks(0.0, 2.0, 11).size(), 11u);
  EXPECT_EQ(tick_text(round_ticks(0.0, 2.0, 3).front(), 1.0), "0") << "not -0";
  EXPECT_THAT(round_ticks(0.0, 0.0, 5), IsEmpty());
  EXPECT_THAT(round_ticks(1.0, 0.0, 5), IsEmpty());
  for (const double high : {1e-3, 0.7, 1.0, 3.0, 17.0, 999.0, 4.2e6}) {
    for (std::size_t most = 2; most <= 11; ++most) {
      const std::vector<double> ticks = round_ticks(0.0, high, most);
      EXPECT_LE(ticks.size(), most) << high;
      EXPECT_GE(ticks.size(), 1u) << high;
      EXPECT_LE(ticks.back(), high * (1 + 1e-6));
    }
  }
}

TEST(TickText, HasTheDecimalsOfTheStep) {
  EXPECT_EQ(tick_text(0.6, 0.2), "0.6");
  EXPECT_EQ(tick_text(2.0, 1.0), "2");
  EXPECT_EQ(tick_text(0.25, 0.05), "0.25");
  EXPECT_EQ(tick_text(1500.0, 500.0), "1500");
  EXPECT_EQ(tick_text(0.0, 0.1), "0.0");
}

TEST(Positions, HaveUnitsByTheirLength) {
  EXPECT_EQ(position_unit(500).name, "bp");
  EXPECT_EQ(position_unit(5'243).name, "kb");
  EXPECT_EQ(position_unit(2'000'000).name, "Mb");
  EXPECT_EQ(position_unit(2'000'000).bases, 1e6);
  EXPECT_EQ(with_separators(0), "0");
  EXPECT_EQ(with_separators(999), "999");
  EXPECT_EQ(with_separators(5'243), "5,243");
  EXPECT_EQ(with_separators(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace virnucpro
