// The walk over a window's records, chunks and ORFs, and what two lanes share.
#include "pipeline/window.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pipeline/feature_layout.h"
#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;

/// Records of 12, 0 and 24 bases in chunks of 12: six open frames each, one window.
struct FilledWindow {
  FilledWindow() {
    std::vector<Record> records(3);
    for (std::size_t i = 0; i < records.size(); ++i) {
      records[i].ordinal = i;
      records[i].id = "r" + std::to_string(i);
    }
    records[0].bases = std::string(12, 'C');
    records[2].bases = std::string(24, 'C');
    WindowBuilder builder(stream_of(records), 12, {});
    EXPECT_TRUE(builder.fill(window));
  }
  Window window;
};

std::vector<std::string> walk(const Window& window) {
  std::vector<std::string> steps;
  window.read.for_each_chunk(
      [&](const Record& record) { steps.push_back("begin " + record.id); },
      [&](const Window::ChunkPlace& place) {
        steps.push_back(place.record.id + " " + std::to_string(place.number) + ": " +
                        std::to_string(place.first_orf) + " to " + std::to_string(place.end_orf));
      },
      [&](const Record& record) { steps.push_back("end " + record.id); });
  return steps;
}

TEST(Window, IsWalkedRecordByRecordAndChunkByChunk) {
  const FilledWindow filled;
  EXPECT_THAT(walk(filled.window),
              ElementsAre("begin r0", "r0 0: 0 to 6", "end r0", "begin r1", "end r1", "begin r2",
                          "r2 1: 6 to 12", "r2 2: 12 to 18", "end r2"));
}

TEST(Window, IsWalkedWithoutRecordsToo) {
  const FilledWindow filled;
  std::size_t orfs = 0;
  std::size_t chunks = 0;
  filled.window.read.for_each_chunk([&](const Window::ChunkPlace& place) {
    EXPECT_EQ(place.number, chunks++);
    EXPECT_EQ(place.orf_count(), 6u);
    orfs += place.orf_count();
  });
  EXPECT_EQ(orfs, filled.window.read.orfs.size());
}

TEST(Window, TellsBeginAndEndOfARecordInTheWindowsThatHoldThem) {
  std::vector<Record> records(1);
  records[0].id = "long";
  records[0].bases = std::string(36, 'C');
  WindowBuilder builder(stream_of(records), 12, {.orfs = 100, .chunks = 1, .bases = 1000});
  std::vector<std::string> steps;
  for (Window window; builder.fill(window);) {
    for (const std::string& step : walk(window)) steps.push_back(step);
  }
  EXPECT_THAT(steps, ElementsAre("begin long", "long 0: 0 to 6", "long 0: 0 to 6", "long 0: 0 to 6",
                                 "end long"));
}

TEST(Window, GivesEachEncoderItsText) {
  std::vector<Record> records(1);
  records[0].bases = std::string(12, 'C');
  WindowBuilder builder(stream_of(records), 12, {});
  Window window;
  ASSERT_TRUE(builder.fill(window));
  EXPECT_EQ(window.read.text_of(EncoderKind::kDnabertS, 0), "CCCCCCCCCCCC");
  EXPECT_EQ(window.read.text_of(EncoderKind::kEsm2, 0), "PPPP");
  EXPECT_EQ(window.read.text_of(EncoderKind::kEsm2, 5), "GGG");
}

TEST(FeatureLayout, PutsTheEmbeddingsOfAnOrfSideBySide) {
  const FeatureLayout layout = {{{2, 3}}};
  std::vector<float> features = {0, 1, 2, 3, 4, 10, 11, 12, 13, 14};
  EXPECT_EQ(layout.row(), 5u);
  EXPECT_THAT(layout.embedding(std::span(features), 1, EncoderKind::kDnabertS),
              ElementsAre(10, 11));
  EXPECT_THAT(layout.embedding(std::span(features), 0, EncoderKind::kEsm2), ElementsAre(2, 3, 4));
}

}  // namespace
}  // namespace virnucpro
