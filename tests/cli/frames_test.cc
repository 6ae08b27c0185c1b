// What is read of chunks without an open frame, and by which genetic code, in the real program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "cli/models_in_tree.h"
#include "cli/program_runner.h"
#include "cli/tables.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::Each;
using testing::HasSubstr;
using testing::Not;

const std::vector<std::string> kAllTables = {"predictions.tsv", "contigs.tsv", "viral.fasta",
                                             "prediction_results.txt",
                                             "prediction_results_highestscore.csv"};
const std::set<std::string> kStops = {"TAA", "TAG", "TGA"};

/// Records of random bases; next to none of their chunks of 500 has an open frame.
std::vector<TestRecord> random_records(std::size_t count, std::size_t bases) {
  std::mt19937 random(41);
  std::vector<TestRecord> records(count);
  for (std::size_t i = 0; i < count; ++i) {
    records[i].id = "n" + std::to_string(i);
    for (std::size_t j = 0; j < bases; ++j) records[i].bases += "ACGT"[random() % 4];
  }
  return records;
}

std::string reverse_complement(const std::string& bases) {
  std::string reverse;
  for (auto it = bases.rbegin(); it != bases.rend(); ++it) {
    reverse += "TGCA"[std::string("ACGT").find(*it)];
  }
  return reverse;
}

class Frames : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    records_ = random_records(6, 900);
    for (const TestRecord& record : open_records(2, 250)) records_.push_back(record);
    write("a.fa", fasta(records_));
  }

  ProgramResult predict(std::vector<std::string> options) const {
    std::vector<std::string> arguments = {"predict", "a.fa", "-t", "1"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run(arguments);
  }

  json report_of(const std::string& folder) const {
    return json::parse(read(folder + "/run.json"));
  }

  const std::string& bases_of(const std::string& id) const {
    return std::ranges::find(records_, id, &TestRecord::id)->bases;
  }

  /// A copy of the embedded bundle whose card has these keys, too.
  std::string bundle_with(const json& keys) const {
    std::filesystem::copy(kMini, path("bundle"));
    json card = json::parse(read("bundle/bundle.json"));
    card.erase("frames");
    card.erase("least_run");
    if (!keys.is_null()) card.update(keys);
    write("bundle/bundle.json", card.dump());
    return "bundle";
  }

  std::vector<TestRecord> records_;
};

TEST_F(Frames, LongestAnswersEveryChunkAndSaysWhatWasRead) {
  const std::string bundle = bundle_with({});
  ASSERT_TRUE(ends_with(predict({"--bundle", bundle, "-o", "open"}), 0));
  const ProgramResult result =
      predict({"--bundle", bundle, "-o", "longest", "--frames", "longest"});
  ASSERT_TRUE(ends_with(result, 0));

  const Table table = table_of(read("longest/predictions.tsv"));
  const std::vector<std::string> read_as = column(table, "read");
  EXPECT_GT(std::ranges::count(read_as, "run"), 8);
  EXPECT_GT(std::ranges::count(read_as, "open"), 3);
  for (std::size_t i = 0; i < read_as.size(); ++i) {
    const auto start = std::stoul(column(table, "start")[i]);
    const auto end = std::stoul(column(table, "end")[i]);
    const std::string id = column(table, "id")[i];
    ASSERT_LT(start, end);
    ASSERT_LE(end, bases_of(id).size());
    std::string bases = bases_of(id).substr(start, end - start);
    if (column(table, "strand")[i] == "-") bases = reverse_complement(bases);
    for (std::size_t codon = 0; codon + 3 <= bases.size(); codon += 3) {
      EXPECT_FALSE(kStops.contains(bases.substr(codon, 3))) << id << " " << start;
    }
    if (read_as[i] == "run") {
      EXPECT_EQ(bases.size() % 3, 0U);
      EXPECT_GE(bases.size(), 60U);
    }
  }
  const json counts = report_of("longest")["counts"];
  EXPECT_EQ(counts["chunks"]["no_orf"], 0);
  EXPECT_EQ(counts["records"]["scored"], 8);
  EXPECT_EQ(counts["chunks_read_by_runs"], report_of("open")["counts"]["chunks"]["no_orf"]);
  EXPECT_GE(counts["records_read_by_runs"], 5);
  EXPECT_EQ(report_of("longest")["options"]["frames"], "longest");
  EXPECT_EQ(report_of("longest")["options"]["least_run"], 60);
  EXPECT_THAT(result.err, HasSubstr("by runs, without an open frame: "));
  EXPECT_THAT(result.err, HasSubstr("was not trained on runs"));
  EXPECT_THAT(report_of("longest")["warnings"].dump(), HasSubstr("was not trained on runs"));

  // The published tool's files have open frames alone; those of --frames open say nothing of runs.
  for (const std::string name : {"prediction_results.txt", "prediction_results_highestscore.csv"}) {
    EXPECT_EQ(read("longest/" + name), read("open/" + name)) << name;
  }
  EXPECT_THAT(read("open/predictions.tsv"), Not(HasSubstr("\tread\n")));
  EXPECT_FALSE(report_of("open")["options"].contains("frames"));
  EXPECT_FALSE(report_of("open")["counts"].contains("chunks_read_by_runs"));
}

TEST_F(Frames, LongestTwoReadsTwoFramesOfAChunk) {
  ASSERT_TRUE(ends_with(predict({"-o", "two"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "two", "--frames", "longest-two", "--force"}), 0));
  const Table table = table_of(read("two/predictions.tsv"));
  std::map<std::string, std::set<std::string>> frames;
  for (std::size_t i = 0; i + 1 < table.size(); ++i) {
    if (column(table, "read")[i] != "run") continue;
    frames[column(table, "id")[i] + " " + column(table, "chunk")[i]].insert(
        column(table, "frame")[i]);
  }
  EXPECT_GT(frames.size(), 8U);
  EXPECT_GT(
      std::ranges::count_if(frames, [](const auto& chunk) { return chunk.second.size() == 2; }), 6);
}

TEST_F(Frames, TheCardOfABundleNamesItsDefault) {
  const std::string bundle = bundle_with({{"frames", "longest"}, {"least_run", 90}});
  const ProgramResult result = predict({"--bundle", bundle, "-o", "own"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(report_of("own")["options"]["frames"], "longest");
  EXPECT_EQ(report_of("own")["options"]["least_run"], 90);
  EXPECT_THAT(result.err, Not(HasSubstr("was not trained on runs")));
  ASSERT_TRUE(ends_with(predict({"--bundle", bundle, "-o", "open", "--frames", "open"}), 0));
  EXPECT_FALSE(report_of("open")["options"].contains("frames"));
}

TEST_F(Frames, ACardWithAnUnknownChoiceIsRefused) {
  const ProgramResult result = predict({"--bundle", bundle_with({{"frames", "all"}}), "-o", "out"});
  EXPECT_TRUE(ends_with(result, 3));
  EXPECT_THAT(result.err, HasSubstr("expected 'open', 'longest' or 'longest-two'"));
}

TEST_F(Frames, ARunIsNotContinuedByAnotherChoice) {
  const std::string bundle = bundle_with({});
  ASSERT_TRUE(ends_with(predict({"--bundle", bundle, "-o", "out"}), 0));
  const ProgramResult longest = predict({"--bundle", bundle, "-o", "out", "--frames", "longest"});
  EXPECT_TRUE(ends_with(longest, 2));
  EXPECT_THAT(longest.err, HasSubstr("frames: "));
  const ProgramResult code = predict({"--bundle", bundle, "-o", "out", "--genetic-code", "4"});
  EXPECT_TRUE(ends_with(code, 2));
  EXPECT_THAT(code.err, HasSubstr("genetic code: "));
}

TEST_F(Frames, ARunOfOpenFramesIsThatOfOlderProgramsAndIsReadAsSuch) {
  // Its database says nothing of frames, as those of programs that knew no runs.
  const std::string bundle = bundle_with({});
  ASSERT_TRUE(ends_with(predict({"--bundle", bundle, "-o", "out"}), 0));
  EXPECT_THAT(read("out/run.db"), Not(HasSubstr("longest")));
  EXPECT_THAT(read("out/run.db"), Not(HasSubstr("genetic code")));
  std::vector<std::string> before;
  for (const std::string& name : kAllTables) before.push_back(read("out/" + name));
  json card = json::parse(read("bundle/bundle.json"));
  card["frames"] = "longest";
  write("bundle/bundle.json", card.dump());
  const ProgramResult other = predict({"--bundle", bundle, "-o", "out"});
  EXPECT_TRUE(ends_with(other, 2));
  EXPECT_THAT(other.err, HasSubstr("frames: nothing there, longest, bases at least 60 now"));
  ASSERT_TRUE(ends_with(predict({"--bundle", bundle, "-o", "out", "--frames", "open"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "out", "-o", "again", "-q"}), 0));
  for (std::size_t i = 0; i < kAllTables.size(); ++i) {
    EXPECT_EQ(read("out/" + kAllTables[i]), before[i]) << kAllTables[i];
    EXPECT_EQ(read("again/" + kAllTables[i]), before[i]) << kAllTables[i];
  }
}

TEST_F(Frames, ReportAndMergeWriteTheSameTables) {
  ASSERT_TRUE(ends_with(predict({"-o", "whole", "--frames", "longest"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "whole", "-o", "again", "-q"}), 0));
  for (const char* shard : {"1", "2"}) {
    ASSERT_TRUE(ends_with(predict({"-o", std::string("s") + shard, "--frames", "longest", "--shard",
                                   std::string(shard) + "/2"}),
                          0));
  }
  ASSERT_TRUE(ends_with(run({"merge", "s1", "s2", "-o", "merged", "-q"}), 0));
  for (const std::string& name : kAllTables) {
    EXPECT_EQ(read("again/" + name), read("whole/" + name)) << name;
    EXPECT_EQ(read("merged/" + name), read("whole/" + name)) << name;
  }
  EXPECT_EQ(report_of("merged")["counts"]["chunks_read_by_runs"],
            report_of("whole")["counts"]["chunks_read_by_runs"]);
}

TEST_F(Frames, TheGeneticCodeSaysWhatAStopIs) {
  // TGA in every frame of both strands, no other stop.
  std::string bases;
  for (int i = 0; i < 40; ++i) bases += "TGACTGACCTGAGTCACGTCACGGTCACC";
  write("a.fa", ">m\n" + bases.substr(0, 480) + "\n");
  ASSERT_TRUE(ends_with(predict({"-o", "standard", "--frames", "open"}), 0));
  ASSERT_TRUE(
      ends_with(run({.arguments = {"predict", "a.fa", "-t", "1", "-o", "four", "--frames", "open"},
                     .variables = {{"VIRNUCPRO_GENETIC_CODE", "4"}}}),
                0));
  EXPECT_EQ(report_of("standard")["counts"]["chunks"]["scored"], 0);
  EXPECT_EQ(report_of("four")["counts"]["chunks"]["scored"], 1);
  EXPECT_EQ(report_of("four")["options"]["genetic_code"], 4);
  EXPECT_FALSE(report_of("standard")["options"].contains("genetic_code"));
  const ProgramResult none = predict({"-o", "none", "--genetic-code", "7"});
  EXPECT_TRUE(ends_with(none, 2));
  EXPECT_THAT(none.err, HasSubstr("1 to 6, 9 to 16, 21 to 33"));
}

TEST_F(Frames, Code11GivesTheTablesOfCode1) {
  ASSERT_TRUE(ends_with(predict({"-o", "one"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "eleven", "--genetic-code", "11"}), 0));
  for (const std::string& name : kAllTables) EXPECT_EQ(read("one/" + name), read("eleven/" + name));
}

TEST_F(Frames, ValidateHintsAtAnotherCode) {
  std::mt19937 random(4);
  const auto sense_codon = [&] {
    std::string codon = "TAA";
    while (kStops.contains(codon)) {
      for (char& base : codon) base = "ACGT"[random() % 4];
    }
    return codon;
  };
  std::string standard;
  std::string other;
  for (int i = 0; i < 60; ++i) {
    standard += ">m" + std::to_string(i) + "\n";
    other += ">m" + std::to_string(i) + "\n";
    for (int codon = 0; codon < 166; ++codon) {
      const std::string sense = sense_codon();
      standard += sense;
      other += codon % 10 == i % 10 ? "TGA" : sense;  // tryptophan by code 4
    }
    standard += "\n";
    other += "\n";
  }
  write("standard.fa", standard);
  write("m.fa", other);
  const ProgramResult hinted = run({"validate", "m.fa"});
  ASSERT_TRUE(ends_with(hinted, 0));
  EXPECT_THAT(hinted.err, HasSubstr(" 60 by code 4: look at --genetic-code 4"));
  EXPECT_THAT(run({"validate", "standard.fa"}).err, Not(HasSubstr("--genetic-code")));
  const ProgramResult chosen = run({"validate", "m.fa", "--genetic-code", "4"});
  EXPECT_THAT(chosen.err, Not(HasSubstr("--genetic-code")));
  EXPECT_EQ(column(table_of(chosen.out), "chunks_without_orf"), std::vector<std::string>{"0"});
}

TEST_F(Frames, DatasetTakesFragmentsForTheirRuns) {
  std::string labels = "id\tlabel\tgroup\tsource\n";
  for (const TestRecord& record : records_) {
    const bool is_virus = (record.id.back() - '0') % 2 == 0;
    labels += record.id + (is_virus ? "\tvirus\tphage\t" : "\tother\thost\t") + record.id + "\n";
  }
  write("labels.tsv", labels);
  const std::vector<std::string> call = {"dataset",    "a.fa",         "--labels",
                                         "labels.tsv", "-q",           "--validation-share",
                                         "0",          "--test-share", "0"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), call.begin(), call.end());
    return run(more);
  };
  ASSERT_TRUE(ends_with(with({"-o", "open"}), 0));
  ASSERT_TRUE(ends_with(with({"-o", "runs", "--frames", "longest"}), 0));
  EXPECT_THAT(read("open/frames.tsv"), testing::StartsWith("id\tframe\n"));
  const Table frames = table_of(read("runs/frames.tsv"));
  EXPECT_GT(frames.size(), table_of(read("open/frames.tsv")).size());
  std::size_t runs = 0;
  for (std::size_t i = 0; i + 1 < frames.size(); ++i) {
    if (column(frames, "read")[i] != "run") continue;
    ++runs;
    EXPECT_EQ((std::stoul(column(frames, "end")[i]) - std::stoul(column(frames, "start")[i])) % 3,
              0U);
  }
  EXPECT_GT(runs, 4U);
  EXPECT_EQ(json::parse(read("runs/dataset.json"))["options"]["frames"], "longest");
  // The table is one that train takes.
  const ProgramResult trained =
      run({"train", "runs/train.fa", "--labels", "runs/labels.tsv", "--frames", "runs/frames.tsv",
           "-o", "trained", "--epochs", "1", "--validation-share", "0", "-t", "1", "--bundle",
           bundle_with({{"frames", "longest"}})});
  EXPECT_TRUE(ends_with(trained, 0));
  EXPECT_EQ(json::parse(read("trained/bundle.json"))["frames"], "longest");
}

TEST_F(Frames, EmbeddingsSayWhatWasReadAndAreNotMixed) {
  std::string labels = "id\tlabel\tgroup\tsource\n";
  for (const TestRecord& record : records_) {
    const bool is_virus = (record.id.back() - '0') % 2 == 0;
    labels += record.id + (is_virus ? "\tvirus\tphage\t" : "\tother\thost\t") + record.id + "\n";
  }
  write("labels.tsv", labels);
  ASSERT_TRUE(ends_with(
      run({"embed", "a.fa", "-o", "runs.h5", "--frames", "longest", "-q", "-t", "1"}), 0));
  ASSERT_TRUE(
      ends_with(run({"embed", "a.fa", "-o", "open.h5", "--frames", "open", "-q", "-t", "1"}), 0));
  const auto train = [&](std::vector<std::string> inputs) {
    std::vector<std::string> arguments = {"train"};
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    arguments.insert(arguments.end(), {"--labels", "labels.tsv", "-o", "trained", "--epochs", "1",
                                       "--validation-share", "0", "-t", "1", "--force"});
    return run(arguments);
  };
  ASSERT_TRUE(ends_with(train({"runs.h5"}), 0));
  EXPECT_EQ(json::parse(read("trained/bundle.json"))["frames"], "longest");
  ASSERT_TRUE(ends_with(train({"open.h5"}), 0));
  EXPECT_FALSE(json::parse(read("trained/bundle.json")).contains("frames"));
  const ProgramResult mixed = train({"runs.h5", "open.h5"});
  EXPECT_TRUE(ends_with(mixed, 2));
  EXPECT_THAT(mixed.err, HasSubstr("open.h5: was read by --frames open "));
}

}  // namespace
}  // namespace virnucpro::test
