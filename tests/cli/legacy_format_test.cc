// The published tool's two files in both forms, and contig_tiers.tsv, of the real program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/stored_runs.h"
#include "cli/tables.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

const std::string kChunks = "/prediction_results_highestscore.csv";
const std::string kFrames = "/prediction_results.txt";

class LegacyFormat : public StoredRunTest {
 protected:
  void SetUp() override {
    StoredRunTest::SetUp();
    write_inputs();
  }
  std::vector<std::string> legacy_files(const std::string& folder) const {
    return {read(folder + kFrames), read(folder + kChunks)};
  }
};

TEST_F(LegacyFormat, IsVersionTwoUnlessTheOriginalIsAskedFor) {
  ASSERT_TRUE(ends_with(predict({"-o", "v2"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "original", "--legacy-format", "original"}), 0));
  const Table v2 = table_of(read("v2" + kChunks));
  EXPECT_EQ(v2[0],
            (std::vector<std::string>{"Modified_ID", "Is_Virus", "max_score_0", "max_score_1"}));
  const Table original = table_of(read("original" + kChunks));
  EXPECT_EQ(original[0], (std::vector<std::string>{"Modified_ID", "Is_Virus"}));
  // The same calls, in input order and sorted by id.
  std::vector<std::string> ids = column(v2, "Modified_ID");
  EXPECT_EQ(ids.front(), "r0_chunk_1");
  std::ranges::sort(ids);
  EXPECT_EQ(ids, column(original, "Modified_ID"));
  // Every score is the float32 of the original form with all its digits.
  const Table frames = table_of(read("v2" + kFrames));
  const Table short_frames = table_of(read("original" + kFrames));
  ASSERT_EQ(frames.size(), short_frames.size());
  std::map<std::string, double> largest;
  for (std::size_t i = 1; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i][0], short_frames[i][0]);
    for (const std::size_t score : {2, 3}) {
      EXPECT_EQ(std::stod(frames[i][score]),
                static_cast<double>(std::stof(short_frames[i][score])));
    }
    double& most = largest[frames[i][0].substr(0, frames[i][0].size() - 2)];
    most = std::max(most, std::stod(frames[i][3]));
  }
  for (std::size_t i = 1; i < v2.size(); ++i) {
    EXPECT_EQ(std::stod(v2[i][3]), largest.at(v2[i][0])) << v2[i][0];
  }
  ASSERT_EQ(read("v2/contig_tiers.tsv"), read("original/contig_tiers.tsv"));
}

TEST_F(LegacyFormat, OfAFinishedRunIsItsOwnUntilReportIsAskedForTheOther) {
  ASSERT_TRUE(ends_with(predict({"-o", "v2"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "original", "--legacy-format", "original"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "original", "-o", "same", "-q"}), 0));
  EXPECT_EQ(legacy_files("same"), legacy_files("original"));
  ASSERT_TRUE(
      ends_with(run({"report", "original", "--legacy-format", "v2", "-o", "other", "-q"}), 0));
  EXPECT_EQ(legacy_files("other"), legacy_files("v2"));
  ASSERT_TRUE(ends_with(run({.arguments = {"report", "v2", "-o", "by_variable", "-q"},
                             .variables = {{"VIRNUCPRO_LEGACY_FORMAT", "original"}}}),
                        0));
  EXPECT_EQ(legacy_files("by_variable"), legacy_files("original"));
  EXPECT_THAT(read("by_variable/run.json"), HasSubstr("legacy-format=original"));
  // The same predict with another form computes nothing again.
  const ProgramResult again = run({"predict", "a.fa", "b.fq", "-t", "1", "-o", "original"});
  ASSERT_TRUE(ends_with(again, 0));
  EXPECT_THAT(again.err, HasSubstr("everything is computed"));
  EXPECT_EQ(legacy_files("original"), legacy_files("v2"));
  EXPECT_THAT(error_of({"report", "v2", "--legacy-format", "v1"}, 2),
              HasSubstr("--legacy-format: 'v1' cannot be used; it takes v2 or original"));
}

TEST_F(LegacyFormat, OfAMergeIsThatOfTheShardsUnlessItIsAskedForTheOther) {
  for (const char* shard : {"1", "2"}) {
    ASSERT_TRUE(ends_with(
        predict({"-o", shard, "--shard", std::string(shard) + "/2", "--legacy-format", "original"}),
        0));
  }
  ASSERT_TRUE(ends_with(predict({"-o", "v2"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "original", "--legacy-format", "original"}), 0));
  ASSERT_TRUE(ends_with(run({"merge", "1", "2", "-o", "whole", "-q"}), 0));
  EXPECT_EQ(legacy_files("whole"), legacy_files("original"));
  ASSERT_TRUE(ends_with(run({"merge", "1", "2", "-o", "other", "--legacy-format", "v2", "-q"}), 0));
  EXPECT_EQ(legacy_files("other"), legacy_files("v2"));
  EXPECT_EQ(tables_of("other"), tables_of("v2"));
}

class ContigTiers : public StoredRunTest {
 protected:
  void SetUp() override {
    StoredRunTest::SetUp();
    std::vector<TestRecord> records;
    for (const int number : {10, 2, 1}) {
      for (TestRecord& record : open_records(1, 400 + 100 * static_cast<std::size_t>(number))) {
        record.id = "NODE_" + std::to_string(number) + "_length_9_cov_1.5";
        records.push_back(record);
      }
    }
    records.push_back({"any name", open_frame(300, 5)});
    records.push_back({"any", open_frame(300, 6)});
    records.push_back({"any", open_frame(300, 7)});
    records.push_back({"stops", "TAATAATAATAACTAACTAACTAACTTAGTTAGTTAG"});
    write("a.fa", fasta(records));
    write("b.fq", "");
  }
  Table tiers(const std::string& folder) const {
    return table_of(read(folder + "/contig_tiers.tsv"));
  }
};

TEST_F(ContigTiers, HaveARowForEachRecordWithAFrameInNaturalOrder) {
  ASSERT_TRUE(ends_with(predict({"-o", "out"}), 0));
  EXPECT_THAT(read("out/contig_tiers.tsv"),
              StartsWith("ID\tcall\ttier\tweighted_delta\tn_chunks\tn_confident_viral\t"
                         "n_confident_nonviral\tn_ambiguous\tviral_proportion\t"
                         "nonviral_proportion\n"));
  EXPECT_EQ(column(tiers("out"), "ID"),
            (std::vector<std::string>{"any", "any_1", "any_2", "NODE_1_length_9_cov_1.5",
                                      "NODE_2_length_9_cov_1.5", "NODE_10_length_9_cov_1.5"}));
  // The figures are those of the chunks' scores.
  const Table chunks = table_of(read("out" + kChunks));
  std::map<std::string, std::pair<double, double>> sums;
  for (std::size_t i = 1; i < chunks.size(); ++i) {
    const std::string id = chunks[i][0].substr(0, chunks[i][0].rfind("_chunk_"));
    const double delta = std::stod(chunks[i][3]) - std::stod(chunks[i][2]);
    sums[id].first += delta * std::sqrt(std::abs(delta));
    sums[id].second += std::sqrt(std::abs(delta));
  }
  const Table rows = tiers("out");
  ASSERT_EQ(rows.size(), sums.size() + 1);
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const auto& [weighted, weights] = sums.at(rows[i][0]);
    EXPECT_NEAR(std::stod(rows[i][3]), weighted / weights, 5.1e-4) << rows[i][0];
  }
}

TEST_F(ContigTiers, FollowEachThreshold) {
  ASSERT_TRUE(ends_with(predict({"-o", "out"}), 0));
  const std::string usual = read("out/contig_tiers.tsv");
  const std::vector<std::pair<std::string, std::string>> thresholds = {
      {"--min-chunks", "1"},
      {"--min-weighted-delta", "0.999"},
      {"--min-viral-prop", "1"},
      {"--min-nonviral-prop", "1"},
      {"--min-confident-score", "0.99"},
      {"--max-opposing-score", "1"},
      {"--min-ambiguous-score", "0"},
      {"--high-confidence-delta", "1"}};
  // On top of the others, each changes something that the run without it shows.
  const std::vector<std::string> lenient = {
      "--min-chunks", "1", "--min-weighted-delta", "0.01", "--high-confidence-delta", "0.02"};
  for (std::size_t i = 0; i < thresholds.size(); ++i) {
    const std::string folder = "with" + std::to_string(i);
    std::vector<std::string> arguments = {
        "report", "out", "-q", "-o", folder, thresholds[i].first, thresholds[i].second};
    ASSERT_TRUE(ends_with(run(arguments), 0));
    std::string variable = "VIRNUCPRO_" + thresholds[i].first.substr(2);
    for (char& c : variable) c = c == '-' ? '_' : static_cast<char>(std::toupper(c));
    ASSERT_TRUE(ends_with(run({.arguments = {"report", "out", "-q", "-o", folder + "v"},
                               .variables = {{variable, thresholds[i].second}}}),
                          0));
    EXPECT_EQ(read(folder + "/contig_tiers.tsv"), read(folder + "v/contig_tiers.tsv"));
    EXPECT_THAT(read(folder + "/run.json"), HasSubstr(thresholds[i].first.substr(2) + "="));
  }
  // Those that move calls or counts at once.
  for (const std::size_t i : {1, 4, 6}) {
    EXPECT_NE(read("with" + std::to_string(i) + "/contig_tiers.tsv"), usual) << thresholds[i].first;
  }
  std::vector<std::string> arguments = {"predict", "a.fa", "b.fq", "-q", "-t", "1", "-o", "out"};
  arguments.insert(arguments.end(), lenient.begin(), lenient.end());
  ASSERT_TRUE(ends_with(run(arguments), 0));
  EXPECT_NE(read("out/contig_tiers.tsv"), usual);
  ASSERT_TRUE(ends_with(run({"report", "out", "-q", "-o", "own"}), 0));
  EXPECT_EQ(read("own/contig_tiers.tsv"), read("out/contig_tiers.tsv"));
}

}  // namespace
}  // namespace virnucpro::test
