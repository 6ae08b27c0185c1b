// Shards by a plan: each reads its own records, and together they are the run that was never split.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class PlannedShards : public CliTest {
 protected:
  /// 60 to 900 bases of codons without stops, in lines of 70, with blank lines here and there.
  static std::string fasta(std::size_t records) {
    std::mt19937 random(11);
    std::string text;
    for (std::size_t i = 0; i < records; ++i) {
      text += ">contig" + std::to_string(i) + " words\n";
      const std::size_t bases = 60 + random() % 840;
      for (std::size_t k = 0; k < bases; ++k) {
        text += k % 3 == 0 ? "ACG"[random() % 3] : "ACGT"[random() % 4];
        if (k % 70 == 69) text += '\n';
      }
      text += i % 5 == 0 ? "\n\n" : "\n";
    }
    return text;
  }

  static std::string fastq(std::size_t records) {
    std::mt19937 random(12);
    std::string text;
    for (std::size_t i = 0; i < records; ++i) {
      std::string bases;
      for (int k = 0; k < 150; ++k)
        bases += k % 3 == 0 ? "ACG"[random() % 3] : "ACGT"[random() % 4];
      // A quality may begin with '@' and be as long as a header.
      text += "@read" + std::to_string(i) + "\n" + bases + "\n+\n@" + std::string(149, 'F') + "\n";
    }
    return text;
  }

  /// Reads on both strands, single and paired, with secondary and supplementary records between
  /// them; the header is longer than a block of BGZF.
  static std::string sam(std::size_t records, std::uint32_t seed = 13) {
    std::mt19937 random(seed);
    std::string text = "@HD\tVN:1.6\n";
    for (int i = 0; i < 4000; ++i) {
      text += "@SQ\tSN:contig" + std::to_string(i) + "\tLN:1000\n";
    }
    for (std::size_t i = 0; i < records; ++i) {
      constexpr int kFlags[] = {4, 16, 0, 77, 141, 256, 2048, 99};
      std::string bases;
      for (int k = 0; k < 150; ++k)
        bases += k % 3 == 0 ? "ACG"[random() % 3] : "ACGT"[random() % 4];
      const int flag = kFlags[i % std::size(kFlags)];
      const bool is_mapped = (flag & 4) == 0;
      text += "read" + std::to_string(i) + "\t" + std::to_string(flag) +
              (is_mapped ? "\tcontig" + std::to_string(random() % 4000) + "\t1\t60\t150M"
                         : "\t*\t0\t0\t*") +
              "\t*\t0\t0\t" + bases + "\t" + std::string(150, 'F') +
              "\tXX:Z:" + std::string(i % 40, 'x') + "y\n";
    }
    return text;
  }

  void write_gzip(const std::string& name, const std::string& text) {
    gzFile file = gzopen(path(name).c_str(), "wb");
    ASSERT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
              static_cast<int>(text.size()));
    ASSERT_EQ(gzclose(file), Z_OK);
  }

  ProgramResult plan(const std::vector<std::string>& inputs, int shards) {
    std::vector<std::string> arguments = {"shards", "plan"};
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    arguments.insert(arguments.end(),
                     {"--shards", std::to_string(shards), "-o", path("plan.json"), "--quiet"});
    return run(arguments);
  }

  ProgramResult shard(const std::vector<std::string>& inputs, const std::string& which) {
    std::vector<std::string> arguments = {"predict",
                                          "--shard",
                                          which,
                                          "--shard-plan",
                                          path("plan.json"),
                                          "--device",
                                          "cpu",
                                          "--quiet",
                                          "-o",
                                          path("shard" + which.substr(0, which.find('/')))};
    arguments.insert(arguments.end(), inputs.begin(), inputs.end());
    return run(arguments);
  }

  /// All shards, merged into "merged", have the files of "whole".
  void expect_whole(const std::vector<std::string>& inputs, int shards) {
    std::vector<std::string> merge = {"merge", "-o", path("merged"), "--quiet"};
    for (int i = shards; i >= 1; --i) {
      ASSERT_TRUE(ends_with(shard(inputs, std::to_string(i) + "/" + std::to_string(shards)), 0));
      merge.push_back(path("shard" + std::to_string(i)));
    }
    ASSERT_TRUE(ends_with(run(merge), 0));
    std::vector<std::string> whole = {"predict", "-o", path("whole"), "--device", "cpu", "--quiet"};
    whole.insert(whole.end(), inputs.begin(), inputs.end());
    ASSERT_TRUE(ends_with(run(whole), 0));
    for (const char* name : {"predictions.tsv", "contigs.tsv", "contig_tiers.tsv", "viral.fasta",
                             "prediction_results.txt"}) {
      EXPECT_EQ(read("merged/" + std::string(name)), read("whole/" + std::string(name))) << name;
    }
    const auto merged = nlohmann::json::parse(read("merged/run.json"));
    const auto alone = nlohmann::json::parse(read("whole/run.json"));
    EXPECT_EQ(merged["inputs"], alone["inputs"]);
    EXPECT_EQ(merged["counts"], alone["counts"]);
  }
};

TEST_F(PlannedShards, OfSeveralInputsAreTheWholeRun) {
  write("a.fa", fasta(90));
  write_gzip("b.fq.gz", fastq(300));
  write("empty.fa", "");
  const std::vector<std::string> inputs = {path("a.fa"), path("empty.fa"), path("b.fq.gz")};
  ASSERT_TRUE(ends_with(plan(inputs, 7), 0));
  expect_whole(inputs, 7);
}

TEST_F(PlannedShards, OfBamBehindFastaAreTheWholeRun) {
  write("a.fa", fasta(20));
  write("a.sam", sam(900));
  convert_to_bam(path("a.sam"), path("a.bam"));
  const std::vector<std::string> inputs = {path("a.fa"), path("a.bam")};
  const ProgramResult planned = plan(inputs, 7);
  ASSERT_TRUE(ends_with(planned, 0));
  EXPECT_THAT(planned.err, Not(HasSubstr("cannot be picked up")));
  expect_whole(inputs, 7);
}

TEST_F(PlannedShards, OfBgzipSamAreTheWholeRun) {
  write("a.sam", sam(900));
  convert_to_sam_gz(path("a.sam"), path("a.sam.gz"));
  const ProgramResult planned = plan({path("a.sam.gz")}, 5);
  ASSERT_TRUE(ends_with(planned, 0));
  EXPECT_THAT(planned.err, Not(HasSubstr("cannot be picked up")));
  expect_whole({path("a.sam.gz")}, 5);
}

TEST_F(PlannedShards, OfPlainSamAndOfCramAreTheWholeRun) {
  write("a.sam", sam(60));
  write("b.sam", sam(60, 14));
  convert_to_cram(path("b.sam"), path("b.cram"));
  const std::vector<std::string> inputs = {path("a.sam"), path("b.cram")};
  const ProgramResult planned = plan(inputs, 3);
  ASSERT_TRUE(ends_with(planned, 0));
  EXPECT_THAT(planned.err, Not(HasSubstr("a.sam: cannot be picked up")));
  EXPECT_THAT(planned.err, HasSubstr("b.cram: cannot be picked up in the middle"));
  expect_whole(inputs, 3);
}

TEST_F(PlannedShards, OfBamReadTheHeaderAndTheirOwnPartAlone) {
  write("a.sam", sam(900));
  convert_to_bam(path("a.sam"), path("a.bam"));
  const std::vector<std::string> inputs = {path("a.bam")};
  ASSERT_TRUE(ends_with(plan(inputs, 4), 0));
  const std::string bytes = read("a.bam");
  std::string changed = bytes;
  changed[bytes.size() - 3000] = static_cast<char>(changed[bytes.size() - 3000] ^ 1);
  write("a.bam", changed);
  ASSERT_TRUE(ends_with(shard(inputs, "1/4"), 0));
  ASSERT_TRUE(ends_with(shard(inputs, "2/4"), 0));
  const ProgramResult of_changed = shard(inputs, "4/4");
  EXPECT_TRUE(ends_with(of_changed, 2));
  EXPECT_THAT(of_changed.err, HasSubstr("is not the file that the plan of shards was made for"));
  // The header, of which every shard has need.
  changed = bytes;
  changed[2000] = static_cast<char>(changed[2000] ^ 1);
  write("a.bam", changed);
  const ProgramResult of_header = shard(inputs, "3/4");
  EXPECT_TRUE(ends_with(of_header, 2));
  EXPECT_THAT(of_header.err, HasSubstr("its bytes from 0 to"));
  EXPECT_FALSE(exists("shard3"));
  // Another file of other records.
  write("b.sam", sam(899));
  convert_to_bam(path("b.sam"), path("a.bam"));
  const ProgramResult of_other = shard(inputs, "3/4");
  EXPECT_TRUE(ends_with(of_other, 2));
  EXPECT_THAT(of_other.err, HasSubstr("is not the file that the plan of shards was made for"));
}

TEST_F(PlannedShards, ReadOfAPlanWhatIsTheirOwn) {
  // Bases that no one can foresee: the windows of shards differ.
  write_gzip("b.fq.gz", fastq(9000));
  const std::vector<std::string> inputs = {path("b.fq.gz")};
  ASSERT_TRUE(ends_with(plan(inputs, 900), 0));
  const std::string text = read("plan.json");
  const auto json = nlohmann::json::parse(text);
  const auto& pieces = json["inputs"][0]["pieces"];
  ASSERT_TRUE(pieces[898].contains("window"));
  ASSERT_EQ(json["windows"].size(),
            static_cast<std::size_t>(std::ranges::count_if(
                pieces, [](const auto& piece) { return piece.contains("window"); })));
  // The last digit of the last window, which only the last shards have need of.
  std::string changed = text;
  const std::size_t place = text.rfind('"') - 1;
  changed[place] = changed[place] == '0' ? '1' : '0';
  write("plan.json", changed);
  EXPECT_TRUE(ends_with(shard(inputs, "450/900"), 0));
  const ProgramResult refused = shard(inputs, "900/900");
  EXPECT_TRUE(ends_with(refused, 2));
  EXPECT_THAT(refused.err, HasSubstr("is no plan of shards that can be used"));
  write("plan.json", text.substr(0, text.size() - 100));  // cut
  EXPECT_TRUE(ends_with(shard(inputs, "900/900"), 2));
  write("plan.json", text.substr(0, 5000));
  EXPECT_TRUE(ends_with(shard(inputs, "1/900"), 2));
}

TEST_F(PlannedShards, OfMoreShardsThanRecordsAndOfInputsThatCannotBeCutAreTheWholeRun) {
  write("few.fa", "\xEF\xBB\xBF" + fasta(3));  // a mark: each shard reads all of it
  const ProgramResult planned = plan({path("few.fa")}, 5);
  ASSERT_TRUE(ends_with(planned, 0));
  EXPECT_THAT(planned.err, HasSubstr("cannot be picked up in the middle"));
  expect_whole({path("few.fa")}, 5);
}

TEST_F(PlannedShards, RefuseOtherBytesOtherPlansAndMissingParts) {
  write("a.fa", fasta(60));
  const std::vector<std::string> inputs = {path("a.fa")};
  ASSERT_TRUE(ends_with(plan(inputs, 3), 0));
  const ProgramResult of_two = shard(inputs, "1/2");
  EXPECT_TRUE(ends_with(of_two, 2));
  EXPECT_THAT(of_two.err, HasSubstr("is a plan of 3 shards, and --shard says 1/2"));
  ASSERT_TRUE(ends_with(shard(inputs, "1/3"), 0));
  ASSERT_TRUE(ends_with(shard(inputs, "2/3"), 0));
  // One base of the last third is another one: the first two do not read it.
  std::string text = read("a.fa");
  const std::size_t place = text.size() - 200;
  text[place] = text[place] == 'A' ? 'C' : 'A';
  write("a.fa", text);
  const ProgramResult changed = shard(inputs, "3/3");
  EXPECT_TRUE(ends_with(changed, 2));
  EXPECT_THAT(changed.err, HasSubstr("is not the file that the plan of shards was made for"));
  EXPECT_FALSE(exists("shard3"));
  // Another plan of the other file: its shards do not fit.
  ASSERT_TRUE(ends_with(plan(inputs, 3), 0));
  ASSERT_TRUE(ends_with(shard(inputs, "3/3"), 0));
  const ProgramResult merged =
      run({"merge", path("shard1"), path("shard2"), path("shard3"), "-o", path("merged")});
  EXPECT_TRUE(ends_with(merged, 2));
  EXPECT_THAT(merged.err, HasSubstr("shards of different work"));
  write("plan.json", "{}");
  const ProgramResult no_plan = shard(inputs, "1/3");
  EXPECT_TRUE(ends_with(no_plan, 2));
  EXPECT_THAT(no_plan.err, HasSubstr("is no plan of shards that can be used"));
}

}  // namespace
}  // namespace virnucpro::test
