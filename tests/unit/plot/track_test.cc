// Tracks: where chunks lie, gaps, and layouts from one chunk to a genome.
#include "plot/track.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plot/axes.h"
#include "unit/plot/recorded_canvas.h"

namespace virnucpro {
namespace {

using test::RecordedCanvas;

/// Chunks of 500 bases without overlaps; every third is viral, every seventh was not read.
TrackRecord record_of(std::size_t chunks, const std::string& id = "contig_7") {
  TrackRecord record;
  record.id = id;
  record.length = 500 * chunks;
  record.call = "virus";
  record.probability = 0.987;
  for (std::size_t i = 0; i < chunks; ++i) {
    TrackChunk chunk;
    chunk.start = 500 * i;
    chunk.end = 500 * (i + 1);
    if (i % 7 != 6) {
      chunk.is_virus = i % 3 == 0;
      chunk.is_run = i % 5 == 4;
      chunk.value = chunk.is_virus ? 0.95 : 0.2;
      chunk.frames = {0.1, *chunk.value};
    }
    record.chunks.push_back(chunk);
  }
  return record;
}

Track track_of(std::vector<TrackRecord> records) {
  return {std::move(records), "calibrated P(virus)", 0.9, "no open frame"};
}

TEST(Track, PutsChunksWhereTheyLie) {
  TrackRecord record;
  record.id = "r";
  record.length = 1000;
  record.call = "virus";
  record.chunks = {{0, 500, 1.0, true, false, {}}, {500, 1000, 0.25, false, false, {}}};
  const RecordedCanvas canvas(track_figure({{record}, "P", std::nullopt, "gap"}, 447.0));
  ASSERT_GE(canvas.fills.size(), 2u);
  const Rectangle& first = canvas.fills[0].box;
  const Rectangle& second = canvas.fills[1].box;
  EXPECT_EQ(canvas.fills[0].colour, kVirusColour);
  EXPECT_EQ(canvas.fills[1].colour, kOthersColour);
  EXPECT_NEAR(second.x - first.x, 200.0, 1e-9) << "half of 447 points without the margins";
  EXPECT_NEAR(second.height, 0.25 * first.height, 1e-9);
  EXPECT_DOUBLE_EQ(first.bottom(), second.bottom());
}

TEST(Track, DrawsOverlapsToTheirMiddle) {
  TrackRecord record;
  record.length = 900;
  record.chunks = {{0, 500, 1.0, true, false, {}}, {400, 900, 1.0, false, false, {}}};
  const RecordedCanvas canvas(track_figure({{record}, "P", std::nullopt, "gap"}, 447.0));
  EXPECT_NEAR(canvas.fills[1].box.x - canvas.fills[0].box.x, 200.0, 1e-9);
}

TEST(Track, LeavesGapsWhereNothingWasRead) {
  const RecordedCanvas canvas(track_figure(track_of({record_of(14)}), 510.0));
  EXPECT_EQ(canvas.count_of(kHatchedColour), 2u + 1u) << "and the legend";
  EXPECT_TRUE(canvas.has_text("no open frame"));
  EXPECT_TRUE(canvas.has_text("called virus"));
  EXPECT_TRUE(canvas.has_text("called others, read by a stop-free run"));
  EXPECT_TRUE(canvas.has_text("threshold 0.9"));
  EXPECT_TRUE(canvas.has_text("0"));
  EXPECT_TRUE(canvas.has_text("7 kb"));
  EXPECT_TRUE(canvas.has_text("7,000 bp · 14 chunks · virus, P = 0.987"));
  EXPECT_EQ(canvas.discs.size(), 2u * 12u + 1u);
}

TEST(Track, SaysOnlyWhatIsDrawn) {
  TrackRecord record;
  record.id = "r";
  record.length = 500;
  record.call = "not called";
  record.chunks = {{0, 500, std::nullopt, false, false, {}}};
  const RecordedCanvas canvas(track_figure({{record}, "P", std::nullopt, "no open frame"}, 510.0));
  EXPECT_TRUE(canvas.has_text("500 bp · 1 chunk · not called"));
  for (const auto& text : canvas.texts) {
    EXPECT_THAT(text.text, testing::Not(testing::HasSubstr("called virus")));
    EXPECT_THAT(text.text, testing::Not(testing::HasSubstr("threshold")));
  }
}

TEST(Track, GivesEachBarSeveralChunksOfAGenome) {
  // Two million bases, of which forty thousand are viral.
  TrackRecord record = record_of(4000);
  for (std::size_t i = 0; i < record.chunks.size(); ++i) {
    const bool is_viral = i >= 1000 && i < 1080;
    record.chunks[i].is_virus = is_viral;
    record.chunks[i].value = is_viral ? 0.99 : 0.05;
    record.chunks[i].is_run = false;
  }
  const RecordedCanvas canvas(track_figure(track_of({record}), 510.0));
  EXPECT_TRUE(canvas.has_text("2,000,000 bp · 4000 chunks (7 a bar) · virus, P = 0.987"));
  double viral = 0.0;
  int thin = 0;
  for (const auto& fill : canvas.fills) {
    if (fill.box.width == 7.0) continue;  // of the legend
    thin += fill.box.width < 0.75 ? 1 : 0;
    if (fill.colour == kVirusColour) viral += fill.box.width;
  }
  EXPECT_LE(thin, 1) << "the last one has what is left";
  EXPECT_NEAR(viral, 463.0 * 80 / 4000, 1.5) << "as wide as it is long";
  EXPECT_TRUE(canvas.discs.empty());
}

TEST(Track, IsTidyWithOneToThousandsOfChunks) {
  for (const double width : test::widths()) {
    for (const std::size_t chunks : {0u, 1u, 2u, 3u, 7u, 40u, 200u, 4000u, 20'000u}) {
      test::expect_tidy(track_figure(track_of({record_of(chunks)}), width),
                        std::to_string(chunks) + " chunks at " + std::to_string(width));
    }
    // Lengths at which numbers of the axis are widest beside their neighbours.
    for (const std::uint64_t length : {1u, 2u, 299u, 1000u, 2999u, 3000u, 99'999u, 999'999u,
                                       1'000'000u, 19'999'999u, 250'000'000u}) {
      TrackRecord record = record_of(1);
      record.length = length;
      record.chunks[0].end = length;
      test::expect_tidy(track_figure(track_of({record}), width),
                        std::to_string(length) + " bases at " + std::to_string(width));
    }
  }
}

TEST(Track, IsTidyWithManyRecordsAndAnyNames) {
  const std::vector<std::string> names = {"contig_7",
                                          "",
                                          std::string(3000, 'W'),
                                          "<b>&amp;\"'</svg>",
                                          "病毒\t\x01\xff",
                                          "k141_" + std::string(120, '1')};
  for (const double width : test::widths()) {
    for (const std::size_t count : {1u, 2u, 3u, 5u, 8u, 12u, 50u}) {
      std::vector<TrackRecord> records;
      for (std::size_t i = 0; i < count; ++i) {
        records.push_back(record_of(3 + 17 * i, names[i % names.size()]));
      }
      test::expect_tidy(track_figure(track_of(std::move(records)), width),
                        std::to_string(count) + " records at " + std::to_string(width));
    }
  }
}

TEST(Track, FitsOnAPageWithTwelveRecords) {
  const Figure figure = track_figure(track_of(std::vector<TrackRecord>(12, record_of(40))),
                                     kPageWidth * kPointsPerMillimetre);
  EXPECT_LT(figure.height / kPointsPerMillimetre, 260.0);
}

}  // namespace
}  // namespace virnucpro
