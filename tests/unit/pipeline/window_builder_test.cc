// Windows cut the input anywhere without losing or repeating a chunk.
#include "pipeline/window_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

struct Contents {
  std::vector<std::string> lines;
  std::size_t windows = 0;
  Intake intake;
};

Contents read_all(const std::vector<Record>& records, WindowLimits limits) {
  WindowBuilder builder(stream_of(records), 30, limits);
  Window window;
  Contents contents;
  while (builder.fill(window)) {
    EXPECT_EQ(window.number, contents.windows);
    ++contents.windows;
    std::size_t chunk = 0;
    std::size_t orf = 0;
    for (const Window::Part& part : window.read.parts) {
      if (part.begins) contents.lines.push_back("begin " + part.record->id);
      for (std::size_t i = 0; i < part.chunk_count; ++i) {
        const Window::ChunkEntry& entry = window.read.chunks[chunk++];
        contents.lines.push_back(std::to_string(entry.chunk.record) + "/" +
                                 std::to_string(entry.chunk.index));
        for (std::size_t k = 0; k < entry.orf_count; ++k, ++orf) {
          contents.lines.push_back(std::string(window.read.text_of(EncoderKind::kDnabertS, orf)) +
                                   " " + std::string(window.read.text_of(EncoderKind::kEsm2, orf)));
        }
      }
      if (part.ends) contents.lines.push_back("end " + part.record->id);
    }
    EXPECT_EQ(chunk, window.read.chunks.size());
    EXPECT_EQ(orf, window.read.orfs.size());
  }
  EXPECT_FALSE(builder.fill(window));  // the end stays the end
  contents.intake = builder.intake();
  return contents;
}

TEST(WindowBuilder, GivesNoWindowForNoRecord) {
  const Contents contents = read_all({}, {});
  EXPECT_EQ(contents.windows, 0u);
  EXPECT_EQ(contents.intake.records, 0u);
}

TEST(WindowBuilder, HoldsTheSameItemsWhateverTheLimits) {
  const std::vector<Record> records = fake_records(40);
  const Contents whole = read_all(records, {100'000, 100'000, 100'000});
  EXPECT_EQ(whole.windows, 1u);
  for (const WindowLimits& limits :
       {WindowLimits{1, 100, 10'000}, WindowLimits{3, 100, 10'000}, WindowLimits{1000, 1, 10'000},
        WindowLimits{1000, 2, 10'000}, WindowLimits{1000, 100, 1}}) {
    const Contents cut = read_all(records, limits);
    EXPECT_GT(cut.windows, 3u);
    EXPECT_EQ(cut.lines, whole.lines);
    EXPECT_EQ(cut.intake.chunks, whole.intake.chunks);
    EXPECT_EQ(cut.intake.orfs, whole.intake.orfs);
    EXPECT_EQ(cut.intake.bases, whole.intake.bases);
    EXPECT_EQ(cut.intake.records, 40u);
  }
}

TEST(WindowBuilder, EndsAWindowOnceALimitIsReached) {
  const std::vector<Record> records = fake_records(60);
  WindowBuilder limited(stream_of(records), 30, {5, 3, 100'000});
  Window window;
  while (limited.fill(window)) {
    EXPECT_LE(window.read.chunks.size(), 3u);
    EXPECT_LT(window.read.orfs.size(), 5u + 6u);  // a chunk is never cut
  }
}

TEST(WindowBuilder, BoundsAWindowOfEmptyRecords) {
  std::vector<Record> records(10);
  for (std::size_t i = 0; i < records.size(); ++i) records[i].ordinal = i;
  WindowBuilder builder(stream_of(records), 30, {100, 4, 1000});
  Window window;
  std::size_t windows = 0;
  while (builder.fill(window)) {
    EXPECT_LE(window.read.parts.size(), 4u);
    ++windows;
  }
  EXPECT_EQ(windows, 3u);
  EXPECT_EQ(builder.intake().records, 10u);
}

TEST(WindowBuilder, HoldsALongRecordOnceForAllItsWindows) {
  std::vector<Record> records(1);
  records[0].bases = std::string(3000, 'C');
  WindowBuilder builder(stream_of(records), 30, {6, 100, 100});
  Window first;
  Window second;
  ASSERT_TRUE(builder.fill(first));
  ASSERT_TRUE(builder.fill(second));
  EXPECT_EQ(first.read.parts[0].record.get(), second.read.parts[0].record.get());
  EXPECT_TRUE(first.read.parts[0].begins);
  EXPECT_FALSE(second.read.parts[0].begins);
  EXPECT_FALSE(second.read.parts[0].ends);
}

TEST(WindowBuilder, ReadsRunsOfChunksWithoutAnOpenFrameAndSaysWhere) {
  // Stops in every frame of both strands on either side of 60 open bases; then an open chunk.
  const std::string stops = "TAATTAATTAATTAATTAA";
  std::vector<Record> records(1);
  records[0].bases = stops + std::string(60, 'C') + stops;
  records[0].bases += std::string(records[0].bases.size(), 'C');
  const auto length = static_cast<std::int64_t>(records[0].bases.size() / 2);
  FrameRule rule;
  rule.choice = FrameChoice::kLongest;
  WindowBuilder open(stream_of(records), length, {});
  WindowBuilder runs(stream_of(records), length, {}, rule);
  Window window;
  ASSERT_TRUE(open.fill(window));
  ASSERT_EQ(window.read.chunks.size(), 2U);
  EXPECT_EQ(window.read.chunks[0].orf_count, 0U);
  ASSERT_TRUE(runs.fill(window));
  EXPECT_EQ(window.read.chunks[0].orf_count, 1U);
  EXPECT_EQ(window.read.chunks[1].orf_count, 6U);
  const Window::OrfEntry& run = window.read.orfs[0];
  EXPECT_TRUE(run.is_run);
  EXPECT_EQ(window.read.text_of(EncoderKind::kDnabertS, 0),
            records[0].bases.substr(run.start, run.end - run.start));
  EXPECT_EQ(run.end - run.start, 3 * window.read.text_of(EncoderKind::kEsm2, 0).size());
  const Window::OrfEntry& frame = window.read.orfs[1];
  EXPECT_FALSE(frame.is_run);
  EXPECT_EQ(frame.start, static_cast<std::uint64_t>(length));
  EXPECT_EQ(runs.intake().orfs, 7U);
}

TEST(WindowBuilder, RefusesRecordsOutOfOrder) {
  std::vector<Record> records(2);
  WindowBuilder builder(stream_of(records), 30, {});
  Window window;
  EXPECT_THROW(builder.fill(window), ContractError);
}

TEST(WindowLimits, GrowWithTheBatchAndStayBounded) {
  EXPECT_EQ(limits_for(1).orfs, 512u);
  EXPECT_EQ(limits_for(8192).orfs, 512u);
  EXPECT_EQ(limits_for(32'000).orfs, 2000u);
  EXPECT_EQ(limits_for(std::int64_t{1} << 30).orfs, 16384u);
}

TEST(Window, NamesItsFrames) {
  std::vector<Record> records(1);
  records[0].id = "c";
  records[0].bases = std::string(40, 'C');
  WindowBuilder builder(stream_of(records), 30, {});
  Window window;
  ASSERT_TRUE(builder.fill(window));
  const std::vector<std::uint32_t> wanted = {0, 11, 5};
  EXPECT_THAT(window.read.frame_ids(wanted),
              testing::ElementsAre("c_chunk_1F1", "c_chunk_2R3", "c_chunk_1R3"));
}

}  // namespace
}  // namespace virnucpro
