// `virnucpro label-reads` on SAM, BAM, CRAM and PAF, in any order, against independent Python
// (tests/parity/make_downstream_goldens.py).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <functional>
#include <sstream>
#include <thread>

#include "cli/program_runner.h"
#include "cli/tables.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const std::string kGoldens = VIRNUCPRO_TEST_DATA "/downstream/";

/// Until the process has opened the file, or for a minute.
void wait_until_open(int process, const std::string& file) {
  const fs::path descriptors = "/proc/" + std::to_string(process) + "/fd";
  const fs::path wanted = fs::canonical(file);
  for (int i = 0; i < 60'000; ++i) {
    std::error_code error;
    for (fs::directory_iterator entry(descriptors, error), end; !error && entry != end;
         entry.increment(error)) {
      std::error_code gone;
      if (fs::read_symlink(entry->path(), gone) == wanted) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

class LabelReads : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    fs::create_directories(path("results"));
    fs::copy(kGoldens + "contig_tiers.tsv", path("results"));
    fs::copy(kGoldens + "alignments.sam", path("a.sam"));
  }
  ProgramResult label(std::vector<std::string> arguments, const std::string& input = {}) const {
    arguments.insert(arguments.begin(), "label-reads");
    return run({.arguments = std::move(arguments), .input = input});
  }
  std::string error_of(const std::string& file, std::vector<std::string> more = {}) const {
    more.insert(more.begin(), {file, "results", "-o", "no.tsv", "-q"});
    const ProgramResult result = label(std::move(more));
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_FALSE(exists("no.tsv"));
    return result.err;
  }
  /// One contig of 1000 bases named `tied`, and these alignments.
  void write_sam(const std::string& name, const std::string& rows, const std::string& head = {}) {
    write(name, (head.empty() ? "@HD\tVN:1.6\n" : head) + "@SQ\tSN:tied\tLN:1000\n" + rows);
  }
};

TEST_F(LabelReads, GivesTheRowsOfIndependentCode) {
  convert_to_bam(path("a.sam"), path("a.bam"));
  convert_to_cram(path("a.sam"), path("a.cram"));
  const std::string expected = content_of(kGoldens + "reads.tsv");
  for (const std::string file : {"a.sam", "a.bam", "a.cram"}) {
    ASSERT_TRUE(ends_with(label({file, "results", "-o", file + ".tsv"}), 0));
    EXPECT_EQ(read(file + ".tsv"), expected);
  }
  // The table by itself, standard input, no threads, and bgzip.
  ASSERT_TRUE(ends_with(
      label({"-", "results/contig_tiers.tsv", "-o", "in.tsv", "-t", "0"}, read("a.sam")), 0));
  EXPECT_EQ(read("in.tsv"), expected);
  const ProgramResult result = label({"a.bam", "results", "-o", "z.tsv.gz"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(unzipped(path("z.tsv.gz")), expected);
  EXPECT_THAT(result.err, HasSubstr("1 contig without a call"));
  EXPECT_EQ(names_in("."),
            (std::vector<std::string>{"a.bam", "a.bam.tsv", "a.cram", "a.cram.tsv", "a.sam",
                                      "a.sam.tsv", "in.tsv", "results", "z.tsv.gz"}));
}

TEST_F(LabelReads, TakesGroupedNamesAsTheyCome) {
  std::istringstream lines(read("a.sam"));
  std::string header;
  std::vector<std::string> rows;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("@SQ")) header += line + "\n";
    if (!line.starts_with("@")) rows.push_back(line);
  }
  std::stable_sort(rows.begin(), rows.end(), [](const std::string& a, const std::string& b) {
    return a.substr(0, a.find('\t')) < b.substr(0, b.find('\t'));
  });
  std::string body;
  for (const std::string& row : rows) body += row + "\n";
  for (const std::string order : {"SO:queryname", "SO:unsorted\tGO:query", "SO:unsorted"}) {
    write("g.sam", "@HD\tVN:1.6\t" + order + "\n" + header + body);
    ASSERT_TRUE(ends_with(label({"g.sam", "results", "-o", order.substr(0, 5) + ".tsv", "-q"}), 0));
  }
  EXPECT_EQ(read("SO:qu.tsv"), read("SO:un.tsv"));
  // The same rows as in the other order, but where the best alignments are equals.
  EXPECT_EQ(table_of(read("SO:qu.tsv")).size(),
            table_of(content_of(kGoldens + "reads.tsv")).size());
}

TEST_F(LabelReads, MarksReadsByTheThresholds) {
  const auto count = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"a.sam", "results", "-o", "w.tsv", "-q"});
    EXPECT_TRUE(ends_with(label(options), 0));
    const std::vector<std::string> well = column(table_of(read("w.tsv")), "mapped_well");
    return std::ranges::count(well, "true");
  };
  const auto usual = count({});
  EXPECT_GT(count({"--min-mapq", "0"}), usual);
  EXPECT_GT(count({"--min-identity", "75"}), usual);
  EXPECT_GT(count({"--min-query-cov", "1"}), usual);
  EXPECT_EQ(count({"--min-mapq", "61"}), 0);
  EXPECT_THAT(label({"a.sam", "results", "-o", "w.tsv", "--min-identity", "0.9"}).err,
              HasSubstr("--min-identity: '0.9' cannot be used; it takes a percentage"));
}

TEST_F(LabelReads, OfNothingMappedIsAHeader) {
  write_sam("none.sam", "r\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\t*\n");
  ASSERT_TRUE(ends_with(label({"none.sam", "results", "-o", "none.tsv"}), 0));
  EXPECT_EQ(read("none.tsv"),
            content_of(kGoldens + "reads.tsv").substr(0, read("none.tsv").size()));
  EXPECT_EQ(std::ranges::count(read("none.tsv"), '\n'), 1);
}

TEST_F(LabelReads, ReadsPaf) {
  const auto row = [&](const std::string& paf) {
    write("a.paf", paf);
    EXPECT_TRUE(ends_with(label({"a.paf", "results", "--paf", "-o", "p.tsv", "-q"}), 0));
    return table_of(read("p.tsv"));
  };
  const std::string begin = "r\t100\t5\t95\t-\ttied\t1000\t0\t92\t";
  // Columns 10 and 11, NM over the columns of cg, and de, in the order in which they count.
  EXPECT_EQ(row(begin + "46\t92\t60\n")[1][6], "50.0");
  EXPECT_EQ(row(begin + "46\t92\t60\ttp:A:P\tde:f:0.25\n")[1][6], "75.0");
  const Table best = row(begin + "46\t92\t60\ttp:A:P\tNM:i:9\tcg:Z:40M2D50M\tde:f:0.25\n");
  EXPECT_EQ(best[1][6], "90.217391");
  EXPECT_EQ(best[1][7], "90.0");
  EXPECT_EQ(best[1][4], "-");
  EXPECT_EQ(best[1][3], "1000");
  EXPECT_EQ(best[1][9], "Ambiguous");
  EXPECT_EQ(row(begin + "46\t92\t60\ttp:A:S\n").size(), 1u) << "secondary";
  EXPECT_THAT(error_of("a.sam", {"--paf"}), HasSubstr("line 1: has fewer than 12 columns"));
  write("bad.paf", "r\t100\t95\t5\t-\ttied\t1000\t0\t92\t46\t92\t60\n");
  EXPECT_THAT(error_of("bad.paf", {"--paf"}), HasSubstr("impossible range of the read"));
}

TEST_F(LabelReads, RefusesWhatCannotBeTrusted) {
  write_sam("a1.sam", "r\t0\ttied\t1\t60\t4M\t*\t0\t0\tACGT\t*\n");
  EXPECT_THAT(error_of("a1.sam"), HasSubstr("record 1 ('r') is mapped, but has no tag NM"));
  write_sam("a2.sam", "r\t0\ttied\t1\t60\t4M\t*\t0\t0\tACGT\t*\tNM:i:5\n");
  EXPECT_THAT(error_of("a2.sam"), HasSubstr("has a tag NM that is no number from 0 to 4"));
  write_sam("a3.sam", "r\t0\ttied\t1\t60\t4S\t*\t0\t0\tACGT\t*\tNM:i:0\n");
  EXPECT_THAT(error_of("a3.sam"), HasSubstr("its CIGAR aligns nothing"));
  convert_to_bam(path("a.sam"), path("whole.bam"));
  const std::string whole = read("whole.bam");
  for (const std::size_t size : {whole.size() - 40, whole.size() / 2}) {
    write("cut.bam", whole.substr(0, size));
    for (const char* threads : {"0", "1", "2"}) {
      EXPECT_THAT(error_of("cut.bam", {"-t", threads}), HasSubstr("Copy it again")) << size;
    }
  }
  // A block that is damaged is not the last one, whatever htslib's threads make of it.
  std::string damaged = whole;
  damaged[whole.size() / 2] ^= 0x10;
  write("damaged.bam", damaged);
  for (const char* threads : {"0", "1", "2"}) {
    // With threads htslib 1.16 leaks 32 bytes of its own at a block that it cannot unpack.
    const ProgramResult result = run({.arguments = {"label-reads", "damaged.bam", "results", "-o",
                                                    "no.tsv", "-q", "-t", threads},
                                      .variables = {{"ASAN_OPTIONS", "detect_leaks=0"}}});
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_THAT(result.err, HasSubstr("Copy it again"));
    EXPECT_FALSE(exists("no.tsv"));
  }
  const ProgramResult piped =
      label({"-", "results", "-o", "no.tsv", "-t", "1"}, whole.substr(0, whole.size() - 28));
  EXPECT_TRUE(ends_with(piped, 2));
  EXPECT_THAT(piped.err, HasSubstr("if its writer sets no mark, pass --threads 0"));
  EXPECT_FALSE(exists("no.tsv"));
  write("headless.sam", "r\t0\ttied\t1\t60\t4M\t*\t0\t0\tACGT\t*\tNM:i:0\n");
  EXPECT_THAT(
      error_of("headless.sam"),
      HasSubstr("headless.sam: record 1 (line 1) is of a reference that the header does not "
                "name: the header is missing. Print it, too: samtools view -h"));
  write("reads.zip", "PK\x03\x04");
  EXPECT_THAT(error_of("reads.zip"),
              HasSubstr("reads.zip: is a zip archive; expected SAM, BAM or CRAM of aligned reads. "
                        "Unpack it first: unzip FILE"));
  write("entry.gb", "LOCUS       X 4 bp DNA\nORIGIN\n        1 acgt\n//\n");
  EXPECT_THAT(error_of("entry.gb"),
              HasSubstr("is a flat file of GenBank; expected SAM, BAM or CRAM"));
  write("text.bam", "hello\n");
  EXPECT_THAT(error_of("text.bam"), HasSubstr("text.bam: "));
  EXPECT_THAT(error_of("missing.bam"), HasSubstr("missing.bam"));
  fs::remove(path("results/contig_tiers.tsv"));
  EXPECT_THAT(error_of("a.sam"), HasSubstr("results/contig_tiers.tsv"));
  write("results/contig_tiers.tsv", "ID\tcall\n");
  EXPECT_THAT(error_of("a.sam"), HasSubstr("has no column tier"));
}

TEST_F(LabelReads, ReadsWhatLacksItsEndBlockOrIsPadded) {
  constexpr std::size_t kEndBlock = 28;
  convert_to_bam(path("a.sam"), path("a.bam"));
  const std::string expected = content_of(kGoldens + "reads.tsv");
  fs::copy_file(path("a.bam"), path("endless.bam"));
  fs::resize_file(path("endless.bam"), fs::file_size(path("a.bam")) - kEndBlock);
  const ProgramResult endless = label({"endless.bam", "results", "-o", "endless.tsv"});
  ASSERT_TRUE(ends_with(endless, 0));
  EXPECT_EQ(read("endless.tsv"), expected);
  EXPECT_THAT(endless.err, HasSubstr("warning: endless.bam: has not the empty block that BGZF"));
  fs::copy_file(path("a.bam"), path("padded.bam"));
  fs::resize_file(path("padded.bam"), fs::file_size(path("a.bam")) + 512);
  const ProgramResult padded = label({"padded.bam", "results", "-o", "padded.tsv"});
  ASSERT_TRUE(ends_with(padded, 0));
  EXPECT_EQ(read("padded.tsv"), expected);
  EXPECT_THAT(padded.err, HasSubstr("warning: padded.bam: zeros follow the compressed data"));
  // Of CRAM the end container is required, which is known before the work.
  convert_to_cram(path("a.sam"), path("a.cram"));
  fs::resize_file(path("a.cram"), fs::file_size(path("a.cram")) - 38);
  EXPECT_EQ(error_of("a.cram"),
            "virnucpro: error: a.cram: the file ends early: its end mark is missing, so it was cut "
            "in writing or copying. Copy it again.\n");
}

TEST_F(LabelReads, GivesNothingOfAFileThatChangesMeanwhile) {
  std::string rows;
  for (int i = 0; i < 400'000; ++i) {
    rows += "r" + std::to_string(i) + "\t0\ttied\t1\t60\t8M\t*\t0\t0\tACGTACGT\t*\tNM:i:0\n";
  }
  const auto while_open = [&](const std::function<void()>& change) {
    write_sam("big.sam", rows);
    ProgramCall call{.arguments = {"label-reads", "big.sam", "results", "-o", "no.tsv", "-q"}};
    call.while_running = [&](int process) {
      wait_until_open(process, path("big.sam"));
      change();
    };
    const ProgramResult result = run(call);
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_THAT(result.err, HasSubstr("big.sam: changed while the program worked on it"));
    EXPECT_FALSE(exists("no.tsv"));
  };
  const std::string head = "@HD\tVN:1.6\n@SQ\tSN:tied\tLN:1000\n";
  const std::size_t line_end = rows.rfind('\n', rows.size() - 2) + 1;
  while_open([&] { fs::resize_file(path("big.sam"), head.size() + line_end); });
  while_open([&] {
    write("other.sam", head);
    fs::rename(path("other.sam"), path("big.sam"));
  });
}

TEST_F(LabelReads, WritesOverNoInput) {
  EXPECT_TRUE(ends_with(label({"a.sam", "results", "-o", "a.sam"}), 2));
  EXPECT_TRUE(ends_with(label({"a.sam", "results", "-o", "results/contig_tiers.tsv"}), 2));
  EXPECT_THAT(label({"a.sam", "results"}).err, HasSubstr("label-reads needs the file to write"));
}

}  // namespace
}  // namespace virnucpro::test
