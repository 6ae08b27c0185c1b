// --write of `predict` and `report`: records once more in the format of their input, and
// --sample-sheet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <htslib/sam.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "cli/program_runner.h"
#include "cli/tables.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

/// Names, comments and tags that only a copy of the input has.
class Write : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    records_ = open_records(12, 120);
    records_.push_back({"stops", "TAATAATAATAACTAACTAACTAACTTAGTTAGTTAG"});
    records_.push_back({"short", "AC"});
  }

  ProgramResult predict(std::vector<std::string> options) const {
    options.insert(options.begin(), "predict");
    options.insert(options.end(), {"-q", "-t", "1"});
    return run(options);
  }

  /// The calls by id; NA without one.
  std::map<std::string, std::string> calls_of(const std::string& folder) const {
    const Table table = table_of(read(folder + "/contigs.tsv"));
    const std::vector<std::string> ids = column(table, "id");
    const std::vector<std::string> calls = column(table, "call");
    std::map<std::string, std::string> found;
    for (std::size_t i = 0; i < ids.size(); ++i) found[ids[i]] = calls[i];
    return found;
  }

  static bool is_taken(const std::string& which, const std::string& call) {
    return which == "viral"    ? call == "virus"
           : which == "others" ? call == "others"
                               : call != "virus";
  }

  std::vector<TestRecord> records_;
};

const std::vector<std::string> kWhich = {"viral", "others", "all-but-viral"};

TEST_F(Write, CopiesFastaAsItIs) {
  std::string text;
  std::map<std::string, std::string> pieces;
  for (const TestRecord& record : records_) {
    const std::string piece = ">" + record.id + "  a comment\n" + record.bases.substr(0, 40) +
                              "\n" +
                              (record.bases.size() > 40 ? record.bases.substr(40) + "\n" : "");
    pieces[record.id] = piece;
    text += piece;
  }
  write("in.fa", text);
  for (const std::string& which : kWhich) {
    ASSERT_TRUE(ends_with(predict({"in.fa", "-o", which, "--write", which}), 0));
    const auto calls = calls_of(which);
    ASSERT_EQ(calls.at("stops"), "NA");
    std::string expected;
    for (const TestRecord& record : records_) {
      if (is_taken(which, calls.at(record.id))) expected += pieces[record.id];
    }
    EXPECT_EQ(read(which + "/" + which + "/in.fa"), expected);
  }
  EXPECT_NE(read("viral/viral/in.fa"), "") << "the input needs both";
  EXPECT_NE(read("others/others/in.fa"), "");
}

TEST_F(Write, KeepsMatesOfFastqTogetherInTheirFiles) {
  // The first mates are sequences, the second ones have no open frame.
  std::string first;
  std::string second;
  for (const TestRecord& record : open_records(12, 120)) {
    const std::string quality(record.bases.size(), 'I');
    first += "@" + record.id + "/1 x\n" + record.bases + "\n+\n" + quality + "\n";
    second += "@" + record.id + "/2 y\nTAATAATAATAACTAACTAACTAACTTAGTTAGTTAG\n+\n" +
              std::string(37, '@') + "\n";
  }
  write_gzip(path("r_1.fq.gz"), first);
  write("r_2.fq", second);
  for (const std::string& which : kWhich) {
    ASSERT_TRUE(ends_with(predict({"r_1.fq.gz", "r_2.fq", "-o", which, "--write", which}), 0));
    const auto calls = calls_of(which);
    const std::string one = unzipped(path(which + "/" + which + "/r_1.fq.gz"));
    const std::string two = read(which + "/" + which + "/r_2.fq");
    for (const TestRecord& record : open_records(12, 120)) {
      const bool taken = is_taken(which, calls.at(record.id + "/1"));
      EXPECT_EQ(one.find("@" + record.id + "/1 x\n") != std::string::npos, taken) << record.id;
      EXPECT_EQ(two.find("@" + record.id + "/2 y\n") != std::string::npos, taken) << record.id;
    }
  }
  // The first two bytes of bgzip are those of gzip.
  EXPECT_EQ(read("viral/viral/r_1.fq.gz").substr(0, 2), "\x1f\x8b");
}

TEST_F(Write, KeepsHeaderAndTagsOfAlignmentFiles) {
  std::string text = "@HD\tVN:1.6\tSO:unsorted\n@RG\tID:g\tSM:s\n";
  std::vector<std::string> lines;
  // CRAM keeps the read group apart, and gives it behind the other tags.
  for (const TestRecord& record : open_records(8, 120)) {
    for (const char* flag : {"77", "141"}) {
      lines.push_back(record.id + "\t" + flag + "\t*\t0\t0\t*\t*\t0\t0\t" +
                      (std::string(flag) == "77" ? record.bases : "ACGTACGT") +
                      "\t*\tXX:i:7\tRG:Z:g");
    }
  }
  for (const std::string& line : lines) text += line + "\n";
  write("in.sam", text);
  convert_to_bam(path("in.sam"), path("in.bam"));
  convert_to_cram(path("in.sam"), path("in.cram"));
  for (const auto& [file, format] : {std::pair<std::string, htsExactFormat>{"in.bam", ::bam},
                                     {"in.sam", ::sam},
                                     {"in.cram", ::cram}}) {
    const std::string folder = file.substr(3);
    ASSERT_TRUE(ends_with(predict({file, "-o", folder, "--write", "viral"}), 0));
    const auto calls = calls_of(folder);
    htsFile* out = hts_open(path(folder + "/viral/" + file).c_str(), "r");
    ASSERT_NE(out, nullptr);
    EXPECT_EQ(hts_get_format(out)->format, format);
    sam_hdr_t* header = sam_hdr_read(out);
    EXPECT_STREQ(sam_hdr_str(header), "@HD\tVN:1.6\tSO:unsorted\n@RG\tID:g\tSM:s\n");
    bam1_t* record = bam_init1();
    std::vector<std::string> found;
    while (sam_read1(out, header, record) >= 0) {
      kstring_t line = KS_INITIALIZE;
      EXPECT_GE(sam_format1(header, record, &line), 0);
      found.emplace_back(line.s);
      ks_free(&line);
    }
    bam_destroy1(record);
    sam_hdr_destroy(header);
    hts_close(out);
    std::vector<std::string> expected;
    for (const std::string& line : lines) {
      const std::string name = line.substr(0, line.find('\t'));
      if (calls.at(name + "/1") == "virus" || calls.at(name + "/2") == "virus") {
        expected.push_back(line);
      }
    }
    EXPECT_EQ(found, expected);
    EXPECT_FALSE(found.empty());
  }
}

TEST_F(Write, WorksOnAFinishedRunToo) {
  write("in.fa", fasta(records_));
  ASSERT_TRUE(ends_with(predict({"in.fa", "-o", "out", "--write", "all-but-viral"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "out", "-o", "again", "-q", "--write", "all-but-viral",
                             "--write-to", "kept.fa.gz"}),
                        0));
  EXPECT_EQ(unzipped(path("kept.fa.gz")), read("out/all-but-viral/in.fa"));
  // By other calls, other records.
  ASSERT_TRUE(ends_with(
      run({"report", "out", "-o", "strict", "-q", "--threshold", "0.999999", "--write", "viral"}),
      0));
  EXPECT_EQ(read("strict/viral/in.fa"), "");
  ASSERT_TRUE(ends_with(
      run({.arguments = {"report", "out", "-o", "variable", "-q"},
           .variables = {{"VIRNUCPRO_WRITE", "viral"}, {"VIRNUCPRO_WRITE_TO", "by_variable.fa"}}}),
      0));
  ASSERT_TRUE(ends_with(run({"report", "out", "-o", "viral", "-q", "--write", "viral"}), 0));
  EXPECT_NE(read("by_variable.fa"), "");
  EXPECT_EQ(read("by_variable.fa"), read("viral/viral/in.fa"));
  const auto error_of = [&](std::vector<std::string> arguments) {
    const ProgramResult result = run(std::move(arguments));
    EXPECT_TRUE(ends_with(result, 2));
    return result.err;
  };
  EXPECT_THAT(error_of({"report", "out", "--write-to", "x.fa"}), HasSubstr("give that, too"));
  EXPECT_THAT(error_of({"report", "out", "--write", "viral", "--write-to", "a,b"}),
              HasSubstr("--write-to names 2 files for 1 input"));
  EXPECT_THAT(error_of({"report", "out", "--write", "viral", "--write-to", "in.fa"}),
              HasSubstr("an input of the run"));
  EXPECT_THAT(error_of({"predict", "in.fa", "-o", "o", "--write", "viral", "--write-to", "in.fa"}),
              HasSubstr("--write-to"));
  EXPECT_THAT(error_of({"predict", "-", "-o", "o", "--write", "viral"}),
              HasSubstr("standard input: --write reads the inputs a second time"));
  const ProgramResult missing = run({"predict", "gone.fa", "-o", "out", "--write", "viral"});
  EXPECT_TRUE(ends_with(missing, 2));
  EXPECT_THAT(missing.err, HasSubstr("gone.fa: cannot be read: No such file or directory"));
  EXPECT_THAT(error_of({"predict", "in.fa", "-o", "o", "--write", "viral", "--shard", "1/2"}),
              HasSubstr("--write needs all records"));
  write("in.fa", fasta(open_records(2, 120)));
  EXPECT_THAT(error_of({"report", "out", "--write", "viral"}),
              HasSubstr("is not the file that the run has read"));
}

class Samples : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write("a.fa", fasta(open_records(3, 120)));
    write("b_1.fa", fasta(open_records(2, 130)));
    write("b_2.fa", fasta(open_records(2, 140)));
    write("sheet.tsv", "sample\tfile\tfile2\tmore\nA\ta.fa\t\tx\nB 2\tb_1.fa\tb_2.fa\ty\n");
  }
  ProgramResult predict(std::vector<std::string> options = {}) const {
    std::vector<std::string> arguments = {
        "predict", "--sample-sheet", "sheet.tsv", "-o", "out", "-t", "1"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run(arguments);
  }
};

TEST_F(Samples, HaveAFolderEachAndTablesOverAll) {
  const ProgramResult result = predict({"--write", "viral"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.err.find("models mini"), result.err.rfind("models mini")) << "loaded once";
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "-o", "A", "-t", "1"}), 0));
  ASSERT_TRUE(ends_with(run({"predict", "b_1.fa", "b_2.fa", "-q", "-o", "B", "-t", "1"}), 0));
  for (const char* name :
       {"predictions.tsv", "contigs.tsv", "contig_tiers.tsv", "prediction_results.txt"}) {
    EXPECT_EQ(read(std::string("out/A/") + name), read(std::string("A/") + name));
    EXPECT_EQ(read(std::string("out/B 2/") + name), read(std::string("B/") + name));
  }
  EXPECT_TRUE(exists("out/B 2/viral/b_2.fa"));
  for (const std::string name : {"contigs.tsv", "contig_tiers.tsv"}) {
    std::string expected;
    for (const std::string sample : {"A", "B 2"}) {
      std::istringstream lines(read("out/" + sample + "/" + name));
      bool is_header = true;
      for (std::string line; std::getline(lines, line); is_header = false) {
        if (is_header && sample != "A") continue;
        expected += (is_header ? "sample" : sample) + "\t" + line + "\n";
      }
    }
    EXPECT_EQ(read("out/all_" + name), expected);
  }
}

TEST_F(Samples, AreResumedEach) {
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "-o", "out/A", "-t", "1"}), 0));
  const ProgramResult result = predict();
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("out/A/run.db: everything is computed"));
  EXPECT_EQ(result.err.find("everything is computed"), result.err.rfind("everything is computed"));
  EXPECT_THAT(predict().err, HasSubstr("out/B 2/run.db: everything is computed"));
}

TEST_F(Samples, ThatCannotBeReadDoNotStopTheOthers) {
  write("sheet.tsv", "sample\tfile\nbad\tbad.fa\nA\ta.fa\n");
  write("bad.fa", ">x\nAC\x01GT\n");
  const ProgramResult result = predict();
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_THAT(result.err, HasSubstr("1 of 2 samples could not be computed, the first is bad"));
  EXPECT_TRUE(exists("out/A/run.json"));
  EXPECT_FALSE(exists("out/all_contigs.tsv"));
}

TEST_F(Samples, RefusesASheetThatCannotBeUsed) {
  const auto error_of = [&](const std::string& sheet, std::vector<std::string> more = {}) {
    write("sheet.tsv", sheet);
    const ProgramResult result = predict(std::move(more));
    EXPECT_TRUE(ends_with(result, 2));
    return result.err;
  };
  EXPECT_THAT(error_of("name\tfile\n"), HasSubstr("sheet.tsv: line 1: expected a header"));
  EXPECT_THAT(error_of("sample\tfile\n"), HasSubstr("has no samples"));
  EXPECT_THAT(error_of("sample\tfile\n../x\ta.fa\n"), HasSubstr("line 2: '../x' is no name"));
  EXPECT_THAT(error_of("sample\tfile\nx\ta.fa\nx\ta.fa\n"),
              HasSubstr("the sample 'x' comes twice"));
  EXPECT_THAT(error_of("sample\tfile\nx\t\n"), HasSubstr("line 2: has no file"));
  EXPECT_THAT(error_of("sample\tfile\nx\tmissing.fa\n"), HasSubstr("missing.fa"));
  const std::string good = "sample\tfile\nx\ta.fa\n";
  EXPECT_THAT(error_of(good, {"a.fa"}), HasSubstr("give no INPUT beside it"));
  EXPECT_THAT(error_of(good, {"--shard", "1/2"}), HasSubstr("exclude each other"));
  EXPECT_THAT(error_of(good, {"--write", "viral", "--write-to", "x.fa"}), HasSubstr("--write-to"));
  EXPECT_FALSE(exists("out"));
}

}  // namespace
}  // namespace virnucpro::test
