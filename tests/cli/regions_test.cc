// Viral regions, rows as JSON lines and the views of the database, of the real program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "cli/models_in_tree.h"
#include "cli/stored_runs.h"
#include "cli/tables.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kNoRegions =
    "# The models of this run have no calibration, so that there are no regions.\n";

/// The bases of the examples by their names.
std::map<std::string, std::string> example_genomes() {
  std::ifstream file(std::string(VIRNUCPRO_SOURCE_DIR) + "/examples/genomes.fa");
  std::map<std::string, std::string> genomes;
  std::string name;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(">")) {
      name = line.substr(1, line.find_first_of(":. ") - 1);
    } else {
      genomes[name] += line;
    }
  }
  return genomes;
}

/// Four times a phage between stretches of two bacteria: 40,000 bases, of which 20,000 are virus.
std::string planted_record() {
  std::map<std::string, std::string> genomes = example_genomes();
  const std::string before = genomes.at("NZ_CP023050") + genomes.at("NC_004547").substr(0, 4000);
  std::string phage;
  for (int i = 0; i < 4; ++i) phage += genomes.at("NC_015933");
  const std::string after = genomes.at("NC_004547").substr(0, 4000) + genomes.at("NZ_CP023050");
  return before + phage + after;
}

class Regions : public StoredRunTest {
 protected:
  /// What the stock program sqlite3 says, cut into cells; the first row names the columns.
  Table view(const std::string& folder, const std::string& sql) const {
    const ProgramResult result = run(
        {.arguments = {"-header", "-separator", "\t", "-nullvalue", "NA", folder + "/run.db", sql},
         .program = "/usr/bin/sqlite3"});
    EXPECT_TRUE(ends_with(result, 0));
    return table_of(result.out);
  }

  /// Cells that are equal, or numbers that are the same as floats.
  static void expect_same(const Table& view, const Table& table) {
    ASSERT_EQ(view.size(), table.size());
    ASSERT_EQ(view[0], table[0]);
    for (std::size_t row = 1; row < table.size(); ++row) {
      ASSERT_EQ(view[row].size(), table[row].size());
      for (std::size_t i = 0; i < table[row].size(); ++i) {
        const std::string& cell = table[row][i];
        if (view[row][i] == cell) continue;
        char* end = nullptr;
        const float number = std::strtof(cell.c_str(), &end);
        EXPECT_TRUE(!cell.empty() && *end == '\0') << table[0][i] << ": " << cell;
        EXPECT_EQ(std::strtof(view[row][i].c_str(), nullptr), number) << table[0][i];
      }
    }
  }

  static bool has_sqlite3() { return std::ifstream("/usr/bin/sqlite3").good(); }
};

TEST_F(Regions, GiveThePlaceOfAPlantedPhage) {
  const std::string bases = planted_record();
  write("in.fa", ">planted by hand\n" + bases + "\n");
  ASSERT_TRUE(ends_with(run({"predict", "in.fa", "-o", "out", "-q", "--region-fasta"}), 0));
  const Table bed = table_of(read("out/regions.bed"));
  ASSERT_EQ(bed.size(), 1u) << read("out/regions.bed");
  EXPECT_EQ(bed[0][0], "planted");
  EXPECT_NEAR(std::stod(bed[0][1]), 10'000.0, 500.0);
  EXPECT_NEAR(std::stod(bed[0][2]), 30'000.0, 500.0);
  EXPECT_EQ(bed[0][3], "region_1");
  const std::string gff = read("out/regions.gff3");
  EXPECT_THAT(gff, StartsWith("##gff-version 3\n##sequence-region planted 1 40000\nplanted\t"));
  EXPECT_THAT(gff, HasSubstr(";record=1;extent=inner;"));
  const std::size_t start = std::stoul(bed[0][1]);
  const std::size_t end = std::stoul(bed[0][2]);
  std::istringstream fasta(read("out/viral_regions.fasta"));
  std::string header;
  std::string region;
  std::getline(fasta, header);
  for (std::string line; std::getline(fasta, line);) region += line;
  EXPECT_THAT(header, StartsWith(">planted:" + std::to_string(start + 1) + "-" +
                                 std::to_string(end) + " region=1 record=1 probability="));
  EXPECT_EQ(region, bases.substr(start, end - start));
  EXPECT_THAT(read("out/run.json"), HasSubstr("\"viral_regions\": 1"));
  // The rule of calls changes nothing, the share of viruses and the least probability do.
  ASSERT_TRUE(
      ends_with(run({"report", "out", "-q", "-o", "by_scores", "--calls", "published"}), 0));
  EXPECT_EQ(read("by_scores/regions.bed"), read("out/regions.bed"));
  EXPECT_EQ(read("by_scores/viral_regions.fasta"), read("out/viral_regions.fasta"));
  ASSERT_TRUE(
      ends_with(run({"report", "out", "-q", "-o", "none", "--region-probability", "1"}), 0));
  EXPECT_EQ(read("none/regions.bed"), "");
}

TEST_F(Regions, OfModelsWithoutACalibrationAreACommentAlone) {
  write_inputs();
  std::filesystem::copy(kMini, path("bare"));
  nlohmann::json card = nlohmann::json::parse(read("bare/bundle.json"));
  for (nlohmann::json& classifier : card["classifiers"]) classifier.erase("calibration");
  write("bare/bundle.json", card.dump());
  ASSERT_TRUE(ends_with(predict({"-o", "out", "--bundle", "bare", "--region-fasta"}), 0));
  EXPECT_EQ(read("out/regions.bed"), kNoRegions);
  EXPECT_EQ(read("out/regions.gff3"), std::string("##gff-version 3\n") + kNoRegions);
  EXPECT_EQ(read("out/viral_regions.fasta"), "");
  EXPECT_THAT(read("out/run.json"), testing::Not(HasSubstr("viral_regions")));
}

TEST_F(Regions, JsonLinesComeAndGoWithTheirOption) {
  write_inputs();
  ASSERT_TRUE(ends_with(predict({"-o", "out", "--format", "jsonl"}), 0));
  for (const char* name : {"predictions", "contigs", "regions"}) {
    EXPECT_TRUE(exists(std::string("out/") + name + ".jsonl"));
  }
  EXPECT_THAT(read("out/contigs.jsonl"), StartsWith("{\"id\":\"r0\",\"record\":1,\"length\":750,"));
  ASSERT_TRUE(ends_with(predict({"-o", "s1", "--shard", "1/2"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "s2", "--shard", "2/2"}), 0));
  ASSERT_TRUE(ends_with(run({"merge", "s1", "s2", "-o", "whole", "-q", "--format", "jsonl"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "s1", "-o", "again", "-q", "--format", "jsonl"}), 0));
  for (const char* name : {"predictions.jsonl", "contigs.jsonl", "regions.jsonl"}) {
    EXPECT_EQ(read(std::string("whole/") + name), read(std::string("out/") + name));
    EXPECT_TRUE(exists(std::string("again/") + name));
  }
  ASSERT_TRUE(ends_with(run({"report", "out", "-q", "--format", "tsv"}), 0));
  EXPECT_FALSE(exists("out/contigs.jsonl"));
}

TEST_F(Regions, ViewsOfTheDatabaseHaveTheRowsOfTheTables) {
  if (!has_sqlite3()) GTEST_SKIP() << "the program sqlite3 is not installed";
  write_inputs();
  const std::vector<std::vector<std::string>> choices = {{},
                                                         {"--frames", "open"},
                                                         {"--relaxed", "--region-probability", "0"},
                                                         {"--calls", "published"}};
  for (const std::vector<std::string>& choice : choices) {
    std::vector<std::string> options = {"-o", "out", "--format", "jsonl"};
    options.insert(options.end(), choice.begin(), choice.end());
    // Runs of other frames are other work; the rest is called anew.
    if (!choice.empty() && choice[0] == "--frames") options[1] = "open";
    ASSERT_TRUE(ends_with(predict(options), 0));
    const std::string folder = options[1];
    expect_same(view(folder, "SELECT * FROM contigs ORDER BY record"),
                table_of(read(folder + "/contigs.tsv")));
    Table predictions = table_of(read(folder + "/predictions.tsv"));
    const bool with_runs = predictions[0].size() > 10;
    Table rows = view(folder, "SELECT * FROM predictions ORDER BY record, chunk, frame");
    ASSERT_EQ(rows.size(), predictions.size());
    for (std::size_t i = 0; with_runs && i < rows.size(); ++i) {
      // The table has what was read of the chunk, the view the chunk.
      for (const std::size_t place : {3, 4}) predictions[i][place] = rows[i][place];
      predictions[i].pop_back();
    }
    expect_same(rows, predictions);
    const std::string regions = read(folder + "/regions.jsonl");
    const auto lines = std::count(regions.begin(), regions.end(), '\n');
    EXPECT_EQ(view(folder, "SELECT count(*) FROM regions")[1][0], std::to_string(lines));
  }
  const std::string before = read("out/run.db");
  ASSERT_TRUE(ends_with(run({"report", "out", "-q", "--fdr", "0.5"}), 0));
  EXPECT_EQ(read("out/run.db"), before) << "report only reads it";
}

TEST_F(Regions, ViewsOfAMergeAreThoseOfTheWhole) {
  if (!has_sqlite3()) GTEST_SKIP() << "the program sqlite3 is not installed";
  write_inputs();
  ASSERT_TRUE(ends_with(predict({"-o", "out"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "s1", "--shard", "1/2"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "s2", "--shard", "2/2"}), 0));
  ASSERT_TRUE(ends_with(run({"merge", "s1", "s2", "-o", "whole", "-q"}), 0));
  for (const char* name : {"contigs", "predictions", "regions"}) {
    const std::string sql = std::string("SELECT * FROM ") + name;
    EXPECT_EQ(view("whole", sql), view("out", sql));
  }
}

}  // namespace
}  // namespace virnucpro::test
