// Blocks of rows: every value comes back, to the precision that the page shows.
#include "page/row_block.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/page/unpacked_rows.h"

namespace virnucpro {
namespace {

using test::column;
using test::unpacked;
using test::varints;
using test::words;
using testing::ElementsAre;
using testing::IsEmpty;

PageRecord record(std::uint64_t ordinal, std::string_view id) {
  PageRecord made;
  made.ordinal = ordinal;
  made.id = id;
  made.length = 1000 + ordinal;
  return made;
}

TEST(RowBlock, GivesBackEveryColumn) {
  RowBlock block(true);
  const PageFrame open[] = {{1, 0.25f, 0, 0}, {5, 1.0f, 0, 0}};
  block.chunk({Outcome::kScored, false, 0.5}, open);
  block.chunk({Outcome::kNoOrf, false, {}}, {});
  const PageFrame run[] = {{3, 0.5f, 12, 300}};
  block.chunk({Outcome::kScored, true, 0.9}, run);
  PageRecord first = record(6, "a<b>");
  first.chunks = 3;
  first.scored_chunks = 2;
  first.viral_chunks = 1;
  first.frames = 3;
  first.outcome = Outcome::kScored;
  first.is_viral = true;
  first.mean_p_virus = 0.5;
  first.max_p_virus = 1.0;
  first.score = 0.75;
  first.log_odds = -2.5;
  first.gc = 0.4;
  const PageRegion regions[] = {{0, 400, 0.5}, {700, 1006, 1.0}};
  first.regions = regions;
  block.add(first, true);
  block.add(record(300, "none"), true);
  EXPECT_EQ(block.rows(), 2u);
  EXPECT_EQ(block.chunks(), 3u);

  const auto columns = unpacked(block.take());
  EXPECT_EQ(column(columns, PageColumn::kIds), "a<b>\nnone\n");
  EXPECT_THAT(varints(column(columns, PageColumn::kOrdinals)), ElementsAre(6, 294));
  EXPECT_THAT(varints(column(columns, PageColumn::kLengths)), ElementsAre(1006, 1300));
  EXPECT_THAT(words(column(columns, PageColumn::kGc)), ElementsAre(26214, 65535));
  EXPECT_THAT(words(column(columns, PageColumn::kScores)), ElementsAre(49151, 65535));
  EXPECT_THAT(words(column(columns, PageColumn::kMeans)), ElementsAre(32767, 65535));
  EXPECT_THAT(words(column(columns, PageColumn::kMaxima)), ElementsAre(65534, 65535));
  EXPECT_THAT(words(column(columns, PageColumn::kLogOdds)), ElementsAre(0x10000 - 2500, 0x8000));
  EXPECT_EQ(column(columns, PageColumn::kFlags), "\x0c\x09");
  EXPECT_THAT(varints(column(columns, PageColumn::kCounts)), ElementsAre(3, 2, 1, 3, 0, 0, 0, 0));
  EXPECT_EQ(column(columns, PageColumn::kChunks), "\x22\x81\x48");
  EXPECT_THAT(words(column(columns, PageColumn::kChunkLogOdds)), ElementsAre(0, 2197));
  EXPECT_THAT(words(column(columns, PageColumn::kFrameScores)), ElementsAre(16384, 65534, 32767));
  EXPECT_THAT(varints(column(columns, PageColumn::kRuns)), ElementsAre(12, 300));
  EXPECT_THAT(varints(column(columns, PageColumn::kRegions)),
              ElementsAre(2, 0, 400, 32767, 700, 306, 65534, 0));
}

TEST(RowBlock, ForgetsTheChunksOfARecordThatIsNotShown) {
  RowBlock block(false);
  const PageFrame frame[] = {{0, 0.5f, 0, 0}};
  block.chunk({Outcome::kScored, false, {}}, frame);
  block.add(record(0, "kept"), true);
  block.chunk({Outcome::kScored, true, {}}, frame);
  block.drop_chunks();
  block.chunk({Outcome::kTooShort, false, {}}, {});
  block.add(record(2, "without"), false);
  EXPECT_EQ(block.chunks(), 1u);
  const auto columns = unpacked(block.take());
  EXPECT_EQ(column(columns, PageColumn::kChunks), "\x01");
  EXPECT_THAT(words(column(columns, PageColumn::kFrameScores)), ElementsAre(32767));
  EXPECT_THAT(column(columns, PageColumn::kRuns), IsEmpty());
  EXPECT_THAT(column(columns, PageColumn::kChunkLogOdds), IsEmpty());
  EXPECT_EQ(column(columns, PageColumn::kFlags), "\x09\x01");
}

TEST(RowBlock, BeginsAnewAfterEachBlock) {
  RowBlock block(false);
  block.add(record(5, "a"), true);
  const std::string first = block.take();
  EXPECT_EQ(block.rows(), 0u);
  block.add(record(9, "b"), true);
  const auto columns = unpacked(block.take());
  EXPECT_EQ(column(columns, PageColumn::kIds), "b\n");
  EXPECT_THAT(varints(column(columns, PageColumn::kOrdinals)), ElementsAre(9));
}

}  // namespace
}  // namespace virnucpro
