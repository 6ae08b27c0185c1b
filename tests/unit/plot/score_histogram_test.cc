// Distributions of scores: bins, heights, layout.
#include "plot/score_histogram.h"

#include <gtest/gtest.h>

#include "unit/plot/recorded_canvas.h"

namespace virnucpro {
namespace {

using test::RecordedCanvas;

ScoreCounts some_counts(std::uint64_t most) {
  ScoreCounts counts{"calibrated P(virus) of a record"};
  counts.virus[kScoreBins - 1] = most;
  counts.others[0] = most / 2;
  counts.others[7] = 1;
  return counts;
}

TEST(ScoreCounts, PutValuesIntoBinsOfEqualWidth) {
  ScoreCounts counts;
  counts.add(0.0, true);
  counts.add(0.0499, false);
  counts.add(0.05, false);
  counts.add(1.0, true);
  counts.add(0.9999, true);
  EXPECT_EQ(counts.virus[0], 1u);
  EXPECT_EQ(counts.others[0], 1u);
  EXPECT_EQ(counts.others[1], 1u);
  EXPECT_EQ(counts.virus[kScoreBins - 1], 2u) << "1 belongs to the last";
  EXPECT_EQ(counts.total(), 5u);
}

TEST(ScoreHistogram, HasABarForEachBinThatIsNotEmpty) {
  const RecordedCanvas canvas(score_histogram({some_counts(40)}, 400.0));
  EXPECT_EQ(canvas.count_of(kVirusColour), 1u + 1u) << "and the legend";
  EXPECT_EQ(canvas.count_of(kOthersColour), 2u + 1u);
  double highest = 0.0;
  double lowest = 1e9;
  for (const auto& fill : canvas.fills) {
    highest = std::max(highest, fill.box.height);
    if (fill.box.width != 7.0) lowest = std::min(lowest, fill.box.height);
  }
  EXPECT_NEAR(highest / lowest, 40.0, 1e-9) << "linear";
  EXPECT_TRUE(canvas.has_text("records"));
  EXPECT_TRUE(canvas.has_text("40 of 61 records called virus"));
}

TEST(ScoreHistogram, ShowsSingleRecordsBesideAHundredThousand) {
  const RecordedCanvas canvas(score_histogram({some_counts(100'000)}, 400.0));
  EXPECT_TRUE(canvas.has_text("records (logarithmic)"));
  EXPECT_TRUE(canvas.has_text("100k"));
  EXPECT_TRUE(canvas.has_text("10"));
  EXPECT_TRUE(canvas.has_text("1"));
  for (const auto& fill : canvas.fills) EXPECT_GT(fill.box.height, 3.0);
}

TEST(ScoreHistogram, IsTidyAtEveryWidth) {
  for (const double width : test::widths()) {
    for (const std::uint64_t most : {1u, 2u, 3u, 60u, 61u, 1000u, 2'000'000'000u}) {
      test::expect_tidy(score_histogram({some_counts(most)}, width), std::to_string(most));
      test::expect_tidy(score_histogram({some_counts(most), some_counts(most)}, width),
                        std::to_string(most) + ", two panels");
    }
  }
}

}  // namespace
}  // namespace virnucpro
