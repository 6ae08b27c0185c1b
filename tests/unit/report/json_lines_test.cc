// JSON lines hold what the tables hold, cell by cell.
#include "report/json_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "report/prediction_tables.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using Json = nlohmann::ordered_json;

std::vector<Json> objects_of(const std::string& text) {
  std::vector<Json> objects;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) objects.push_back(Json::parse(line));
  return objects;
}

/// Rows of a TSV file as objects of texts.
std::vector<std::vector<std::pair<std::string, std::string>>> rows_of(const std::string& text) {
  std::vector<std::vector<std::pair<std::string, std::string>>> rows;
  std::vector<std::string> header;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == '\t') {
        cells.emplace_back();
      } else {
        cells.back() += c;
      }
    }
    if (header.empty()) {
      header = cells;
      continue;
    }
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row.emplace_back(header[i], cells[i]);
  }
  return rows;
}

void expect_same(const std::string& jsonl, const std::string& tsv) {
  const std::vector<Json> objects = objects_of(jsonl);
  const auto rows = rows_of(tsv);
  ASSERT_EQ(objects.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(objects[i].size(), rows[i].size());
    auto member = objects[i].begin();
    for (const auto& [name, cell] : rows[i]) {
      EXPECT_EQ(member.key(), name);
      if (member->is_null()) {
        EXPECT_EQ(cell, "NA") << name;
      } else if (member->is_string()) {
        EXPECT_EQ(member->get<std::string>(), cell) << name;
      } else {
        EXPECT_EQ(member->get<double>(), std::stod(cell)) << name;
      }
      ++member;
    }
  }
}

const std::vector<std::vector<FrameRow>> kChunks = {
    {{"F1", {0.25f, 0.75f}, 1, 9, false}, {"R2", {0.9f, 0.1f}, 2, 10, false}},
    {},
    {{"R3", {1.0f - 1e-5f, 1e-5f}, 21, 29, true}}};

void write_run(const std::string& folder, RowFormat format, bool with_runs,
               const Calibration* calibration = nullptr) {
  CalibratedCalls calibrated;
  calibrated.calibration = calibration;
  TableChoice choice;
  choice.format = format;
  choice.region_probability = 0.0;
  PredictionTables tables(folder, {}, calibrated, SortedLines::kDefaultMemory, choice, with_runs);
  std::uint64_t ordinal = 0;
  for (const char* id : {"a", "a \"b\"\\x\t\xff\xce\xbb", ""}) {
    tables.begin_record({ordinal++, id, 30});
    for (std::uint64_t i = 0; i < kChunks.size(); ++i) {
      const bool is_scored = !kChunks[i].empty();
      tables.chunk({i, 10 * i, 10 * i + 10, is_scored ? Outcome::kScored : Outcome::kFailed,
                    is_scored ? "" : "no \"memory\""},
                   kChunks[i], is_scored ? 0 : 1);
    }
    tables.end_record(std::string(30, 'A'));
  }
  tables.begin_record({ordinal, "none", 0});
  tables.end_record("");
  tables.finish();
  tables.publish("{}\n");
}

TEST(JsonLines, HaveTheCellsOfTheTables) {
  Calibration calibration;
  calibration.classes = {{0, 0, 0, {}}};
  for (const Calibration* const chosen :
       {static_cast<const Calibration*>(nullptr), static_cast<const Calibration*>(&calibration)}) {
    for (const bool with_runs : {false, true}) {
      TemporaryFolder folder;
      write_run(folder.path(), RowFormat::kJsonl, with_runs, chosen);
      expect_same(folder.read("predictions.jsonl"), folder.read("predictions.tsv"));
      expect_same(folder.read("contigs.jsonl"), folder.read("contigs.tsv"));
      EXPECT_EQ(objects_of(folder.read("contigs.jsonl")).size(), 4u);
    }
  }
}

TEST(JsonLines, HaveTheRegionsOfTheBedFile) {
  Calibration calibration;
  calibration.classes = {{0, 0, 0, {}}};
  TemporaryFolder folder;
  CalibratedCalls calibrated;
  calibrated.calibration = &calibration;
  TableChoice choice;
  choice.format = RowFormat::kJsonl;
  PredictionTables tables(folder.path(), {}, calibrated, SortedLines::kDefaultMemory, choice);
  tables.begin_record({6, "x\ty", 40});
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::vector<FrameRow> frames = {{"F1", {0.001f, 0.999f}, 10 * i, 10 * i + 10}};
    tables.chunk({i, 10 * i, 10 * i + 10, Outcome::kScored, {}}, frames);
  }
  tables.end_record(std::string(40, 'A'));
  tables.finish();
  tables.publish("{}\n");
  const std::vector<Json> regions = objects_of(folder.read("regions.jsonl"));
  ASSERT_EQ(regions.size(), 1u);
  Json region = regions[0];
  EXPECT_GT(region["probability"].get<double>(), 0.99);
  region.erase("probability");
  EXPECT_EQ(
      region.dump(),
      R"({"id":"x\\x09y","record":7,"region":1,"start":0,"end":40,"extent":"whole","chunks":4,)"
      R"("scored_chunks":4})");
}

TEST(JsonLines, AreWrittenWhereTheyAreWantedAlone) {
  TemporaryFolder folder;
  write_run(folder.path(), RowFormat::kJsonl, false);
  EXPECT_TRUE(folder.names().contains("regions.jsonl"));
  write_run(folder.path(), RowFormat::kTsv, false);
  for (const std::string& name : folder.names()) EXPECT_FALSE(name.ends_with(".jsonl")) << name;
}

}  // namespace
}  // namespace virnucpro
