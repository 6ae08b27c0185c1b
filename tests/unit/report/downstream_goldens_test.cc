// The tables that pipelines read, against what independent Python makes of the same frames
// (tests/parity/make_downstream_goldens.py).
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "report/prediction_tables.h"
#include "report/table_choice.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

const std::string kGoldens = VIRNUCPRO_TEST_DATA "/downstream/";

std::string golden(const std::string& name) {
  std::ifstream file(kGoldens + name, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

struct GoldenRecord {
  std::string name;
  std::map<std::uint64_t, std::vector<FrameRow>> chunks;  // by number, from 1
};

/// Frames as their scores were computed. Their names are views of kNames.
std::map<std::uint64_t, GoldenRecord> golden_records() {
  static const std::map<std::string, std::string_view> kNames = {
      {"F1", "F1"}, {"F2", "F2"}, {"F3", "F3"}, {"R1", "R1"}, {"R2", "R2"}, {"R3", "R3"}};
  std::map<std::uint64_t, GoldenRecord> records;
  std::istringstream lines(golden("frames.tsv"));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::vector<std::string> cells;
    std::istringstream fields(line);
    for (std::string cell; std::getline(fields, cell, '\t');) cells.push_back(cell);
    GoldenRecord& record = records[std::stoull(cells.at(0))];
    record.name = cells[1];
    record.chunks[std::stoull(cells[2])].push_back(
        {kNames.at(cells[3]), {std::stof(cells[4]), std::stof(cells.at(5))}});
  }
  return records;
}

void write_tables(PredictionTables& tables) {
  for (const auto& [number, record] : golden_records()) {
    tables.begin_record({number - 1, record.name, 4});
    std::uint64_t index = 0;
    for (const auto& [chunk, frames] : record.chunks) {
      for (; index + 1 < chunk; ++index) tables.chunk({index, 0, 500, Outcome::kNoOrf, {}}, {});
      tables.chunk({index++, 0, 500, Outcome::kScored, {}}, frames);
    }
    tables.end_record("ACGT");
  }
  tables.finish();
  tables.publish("{}\n");
}

TEST(DownstreamGoldens, AreTheTablesOfVersionTwoAndTheTiers) {
  // With less memory than the tiers take, too.
  for (const std::size_t memory : {SortedLines::kDefaultMemory, std::size_t{100}}) {
    TemporaryFolder folder;
    PredictionTables tables(folder.path(), {}, {}, memory);
    write_tables(tables);
    for (const char* name : {kLegacyFramesFile, kLegacyChunksFile, kTiersFile}) {
      EXPECT_EQ(folder.read(name), golden(name)) << name;
    }
  }
}

TEST(DownstreamGoldens, AreTheTiersByOtherThresholds) {
  const std::optional<TableChoice> choice = parse_table_choice(
      "min-chunks=2 min-viral-prop=0.02 min-nonviral-prop=0.25 min-confident-score=0.6 "
      "max-opposing-score=0.45 min-ambiguous-score=0.55 min-weighted-delta=0.1 "
      "high-confidence-delta=0.2");
  ASSERT_TRUE(choice);
  TemporaryFolder folder;
  PredictionTables tables(folder.path(), {}, {}, SortedLines::kDefaultMemory, *choice);
  write_tables(tables);
  EXPECT_EQ(folder.read(kTiersFile), golden("lenient_tiers.tsv"));
  EXPECT_NE(golden("lenient_tiers.tsv"), golden(kTiersFile));
}

}  // namespace
}  // namespace virnucpro
