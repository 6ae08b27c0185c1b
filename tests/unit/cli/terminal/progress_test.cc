// Rates, estimates and how often they are shown.
#include "cli/terminal/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/terminal/console.h"

namespace virnucpro::cli {
namespace {

using std::chrono::seconds;

TEST(ShortCount, KeepsThreeDigitsAndAUnit) {
  EXPECT_EQ(short_count(0), "0");
  EXPECT_EQ(short_count(999.99), "999");
  EXPECT_EQ(short_count(1000), "1.0 k");
  EXPECT_EQ(short_count(999949), "999.9 k");
  EXPECT_EQ(short_count(999950), "1.0 M");
  EXPECT_EQ(short_count(34.5e9), "34.5 G");
  EXPECT_EQ(short_count(5e18), "5000000.0 T");
}

TEST(ShortDuration, ShowsHoursOnlyWhenThereAreSome) {
  EXPECT_EQ(short_duration(seconds(7)), "0:07");
  EXPECT_EQ(short_duration(seconds(3599)), "59:59");
  EXPECT_EQ(short_duration(seconds(3723)), "1:02:03");
}

TEST(ProgressCounts, KnowNoShareOfAnInputOfUnknownSize) {
  EXPECT_EQ(ProgressCounts{.frames = 5}.done(), std::nullopt);
}

TEST(ProgressCounts, CountWhatWasReadButNotComputedAsUndone) {
  const ProgressCounts half_read{
      .frames = 10, .frames_found = 40, .bytes_read = 50, .bytes_total = 100};
  EXPECT_DOUBLE_EQ(half_read.done().value(), 0.125);
  const ProgressCounts all_read{.frames = 10, .frames_found = 40, .reading_done = true};
  EXPECT_DOUBLE_EQ(all_read.done().value(), 0.25);
}

TEST(ProgressCounts, NeverExceedTheWhole) {
  const ProgressCounts grown{.bytes_read = 150, .bytes_total = 100};
  EXPECT_DOUBLE_EQ(grown.done().value(), 1.0);
}

TEST(ProgressLine, EstimatesTheTimeLeft) {
  const ProgressCounts counts{.records = 1200,
                              .chunks = 2400,
                              .frames = 6000,
                              .frames_found = 6000,
                              .bytes_read = 25,
                              .bytes_total = 100};
  EXPECT_EQ(progress_line(counts, seconds(10)),
            "1.2 k records, 2.4 k chunks, 6.0 k frames, 600 frames/s, 25.0% done, 0:30 left, 0:10 "
            "elapsed");
}

TEST(ProgressLine, ShowsABetterEstimateInPlaceOfItsOwn) {
  const ProgressCounts counts{.records = 2,
                              .chunks = 4,
                              .frames = 0,
                              .frames_found = 8,
                              .bytes_read = 25,
                              .bytes_total = 100,
                              .seconds_left = 7200.0};
  EXPECT_EQ(progress_line(counts, seconds(10)),
            "2 records, 4 chunks, 0 frames, 0 frames/s, 0.0% done, 2:00:00 left, 0:10 elapsed");
}

TEST(DurationText, HasTheUnitThatSuits) {
  EXPECT_EQ(duration_text(130), "2 minutes");
  EXPECT_EQ(duration_text(1500), "25 minutes");
  EXPECT_EQ(duration_text(12240), "3.4 hours");
  EXPECT_EQ(duration_text(181440), "2.1 days");
}

TEST(ProgressLine, ShowsNeitherRateNorEstimateAtTheStart) {
  EXPECT_EQ(progress_line({.bytes_total = 100}, seconds(0)),
            "0 records, 0 chunks, 0 frames, 0.0% done, 0:00 elapsed");
}

TEST(WorkLine, NamesTheStepAndItsShare) {
  EXPECT_EQ(work_line({"merging", "record", 1500, 6000}, std::nullopt, seconds(10)),
            "merging: 1.5 k of 6.0 k records, 25.0% done, 0:30 left, 0:10 elapsed");
  EXPECT_EQ(work_line({"checking", "part", 0, 1}, std::nullopt, seconds(0)),
            "checking: 0 of 1 part, 0.0% done, 0:00 elapsed");
}

TEST(WorkLine, TakesTheShareThatIsGivenWhereTheStepHasNone) {
  EXPECT_EQ(work_line({"reading", "alignment", 1, 0}, 0.5, seconds(4)),
            "reading: 1 alignment, 50.0% done, 0:04 left, 0:04 elapsed");
  EXPECT_EQ(work_line({"reading", "alignment", 2, 0}, std::nullopt, seconds(4)),
            "reading: 2 alignments, 0:04 elapsed");
  EXPECT_EQ(work_line({.doing = "fitting"}, std::nullopt, seconds(61)), "fitting, 1:01 elapsed");
}

class ProgressDisplayTest : public testing::Test {
 protected:
  std::vector<std::string> lines_;
  Log log_{[this](LogLevel, std::string_view text) { lines_.emplace_back(text); }};
  ProgressDisplay::Clock::time_point now_{};
  Console console_;

  ProgressDisplay display(bool enabled) {
    return ProgressDisplay(console_, log_, enabled, [this] { return now_; });
  }
};

TEST_F(ProgressDisplayTest, LogsEveryThirtySecondsAwayFromATerminal) {
  console_.use_json();  // as good as no terminal, wherever this test runs
  ProgressDisplay shown = display(true);
  for (int second = 0; second < 65; ++second) {
    now_ += seconds(1);
    shown.update({.records = 1});
  }
  EXPECT_EQ(lines_.size(), 2u);
  EXPECT_THAT(lines_.front(), testing::StartsWith("1 record, 0 chunks"));
}

TEST_F(ProgressDisplayTest, CountsTheTimeOfEachStepAnew) {
  console_.use_json();
  ProgressDisplay shown = display(true);
  shown.update({"reading", "record", 1, 2});
  now_ += seconds(40);
  shown.update({"reading", "record", 1, 2});
  shown.update({"writing", "record", 0, 2});
  now_ += seconds(30);
  shown.update({"writing", "record", 1, 2});
  EXPECT_THAT(lines_,
              testing::ElementsAre("reading: 1 of 2 records, 50.0% done, 0:40 left, 0:40 elapsed",
                                   "writing: 1 of 2 records, 50.0% done, 0:30 left, 0:30 elapsed"));
}

TEST_F(ProgressDisplayTest, ShowsNothingWhenSwitchedOff) {
  console_.use_json();
  ProgressDisplay shown = display(false);
  now_ += seconds(1000);
  EXPECT_FALSE(shown.is_due());
  shown.update({.records = 1});
  EXPECT_TRUE(lines_.empty());
}

}  // namespace
}  // namespace virnucpro::cli
