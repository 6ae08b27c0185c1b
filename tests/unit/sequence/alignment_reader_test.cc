// SAM, BAM and CRAM: each read once, as sequenced, told apart from its mate.
#include <algorithm>
#include <string>

#include "test_files.h"

namespace virnucpro::test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

constexpr const char* kHeader = "@HD\tVN:1.6\tSO:unsorted\n@SQ\tSN:ref\tLN:60\n";
constexpr const char* kReference =
    ">ref\nACGTTGCAAGCTTACGGATCCATGCAAGTCCGATTACGATCGGCTAAGCTTGCATGCAAA\n";

std::string line(const std::string& name, int flag, const std::string& bases) {
  const bool mapped = (flag & 4) == 0;
  return name + "\t" + std::to_string(flag) + "\t" + (mapped ? "ref\t5\t60\t" : "*\t0\t0\t") +
         (mapped && bases != "*" ? std::to_string(bases.size()) + "M" : "*") + "\t*\t0\t0\t" +
         bases + "\t*\n";
}

constexpr std::size_t kBamEndMark = 28;
constexpr std::size_t kCramEndMark = 38;

class AlignmentReader : public ReaderTest {
 protected:
  std::string sam_ = std::string(kHeader) + line("plain", 4, "ACGTN") + line("forward", 0, "GGA") +
                     line("reverse", 16, "ACGRYKN") + line("second_hit", 256, "AAAA") +
                     line("split", 2048, "CCCC") + line("pair", 4 + 1 + 64, "AC") +
                     line("pair", 4 + 1 + 128, "GT") + line("named/2", 4 + 1 + 128, "TT") +
                     line("middle", 4 + 1 + 64 + 128, "CA") + line("no_bases", 4, "*");

  static void expect_records(const std::vector<Record>& records) {
    EXPECT_THAT(records, ElementsAre(RecordIs("plain", "ACGTN"), RecordIs("forward", "GGA"),
                                     RecordIs("reverse", "NMRYCGT"), RecordIs("pair/1", "AC"),
                                     RecordIs("pair/2", "GT"), RecordIs("named/2", "TT"),
                                     RecordIs("middle", "CA"), RecordIs("no_bases", "")));
  }
};

TEST_F(AlignmentReader, GivesTheSameReadsFromEveryFormat) {
  expect_records(read_all({write("a.sam", sam_)}));
  expect_records(read_all({write_alignment("a.bam", sam_, "wb")}));
  expect_records(read_all({write_alignment("a.cram", sam_, "wc")}));
  expect_records(read_all({compress("a.sam.bgz", sam_, "w")}));
  expect_records(read_all({compress("a.sam.gz", sam_, "wg")}));
}

TEST_F(AlignmentReader, KnowsLinesOfSamOnly) {
  const auto records = read_all({write("a.sam", sam_)});
  EXPECT_EQ(records[0].line, 3U);
  EXPECT_EQ(records[3].line, 8U);
  EXPECT_EQ(read_all({write_alignment("a.bam", sam_, "wb")})[3].line, 0U);
}

TEST_F(AlignmentReader, CountsWhatItSkips) {
  SequenceReader reader({write_alignment("a.bam", sam_, "wb"), write("b.sam", sam_)});
  Record record;
  while (reader.next(record)) {
  }
  EXPECT_EQ(reader.records(), 16U);
  EXPECT_EQ(reader.skipped_secondary(), 2U);
  EXPECT_EQ(reader.skipped_supplementary(), 2U);
}

TEST_F(AlignmentReader, ReadsFilesWithoutRecords) {
  for (const char* mode : {"w", "wb", "wc"}) {
    EXPECT_THAT(read_all({write_alignment("a", kHeader, mode)}), IsEmpty()) << mode;
  }
}

TEST_F(AlignmentReader, ReadsSamWithoutAHeader) {
  EXPECT_THAT(read_all({write("a.sam", line("a", 4, "ACGT"))}), ElementsAre(RecordIs("a", "ACGT")));
}

TEST_F(AlignmentReader, TellsFastqFromSam) {
  EXPECT_THAT(read_all({write("a.sam", "@HD1\nACGT\n+\nIIII\n")}),
              ElementsAre(RecordIs("HD1", "ACGT")));
}

TEST_F(AlignmentReader, AsksForTheHeaderOfMappedReads) {
  const std::string file = write("a.sam", line("u", 4, "AC") + line("m", 16, "ACGT"));
  EXPECT_EQ(input_error({file}),
            file +
                ": record 2 (line 2) is of a reference that the header does not name: the header "
                "is missing. Print it, too: samtools view -h");
  EXPECT_THAT(input_error({write("b.sam", line("u", 4, "AC") + "b\tx\tr\tnot a line\n")}),
              HasSubstr("record 2 (line 2) is not a SAM line"));
}

TEST_F(AlignmentReader, PassesOverZerosBehindABamFile) {
  const std::string whole = file_bytes(write_alignment("a.bam", sam_, "wb"));
  for (const std::size_t zeros : {1U, 18U, 28U, 512U, 100'000U}) {
    const std::string file = write("padded", whole + std::string(zeros, '\0'));
    std::vector<std::string> warnings;
    expect_records(read_all({file}, keep_warnings(warnings)));
    EXPECT_THAT(warnings, Contains(file + ": zeros follow the compressed data; they are passed "
                                          "over"))
        << zeros;
    // Without the end block, records may be missing.
    EXPECT_NE(input_error({write(
                  "hole", whole.substr(0, whole.size() - kBamEndMark) + std::string(zeros, '\0'))}),
              "")
        << zeros;
    EXPECT_NE(input_error({write("more", whole + std::string(zeros, '\0') + "x")}), "") << zeros;
    // The begin of another file that was joined to this one.
    EXPECT_NE(input_error({write("cut", whole + whole.substr(0, 5))}), "") << zeros;
    EXPECT_NE(input_error({write("cut", whole + whole.substr(0, 5) + '\0')}), "") << zeros;
  }
}

TEST_F(AlignmentReader, SaysNothingOfEndBlocksWhereThereAreNone) {
  std::vector<std::string> warnings;
  const std::string sam = kHeader + line("a", 4, "ACGT");
  EXPECT_THAT(read_all({compress("a.sam.gz", sam, "wg")}, keep_warnings(warnings)),
              ElementsAre(RecordIs("a", "ACGT")));
  EXPECT_THAT(read_all({write("b.sam", sam)}, keep_warnings(warnings)),
              ElementsAre(RecordIs("a", "ACGT")));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(AlignmentReader, RefusesSamWhoseHeaderSwallowsTheReads) {
  std::string mac = kHeader + line("a", 4, "ACGT");
  std::replace(mac.begin(), mac.end(), '\n', '\r');
  const std::string file = write("mac.sam", mac);
  EXPECT_EQ(input_error({file}),
            file +
                ": its header lines end in a carriage return alone (old Mac OS). Convert the file: "
                "tr '\\r' '\\n' < FILE > NEW");
  EXPECT_NE(input_error({compress("mac.sam.gz", mac, "wg")}), "");
  std::string lines = line("a", 4, "ACGT");
  std::replace(lines.begin(), lines.end(), '\n', '\r');
  EXPECT_NE(input_error({write("headerless.sam", lines + lines)}), "");
  // A carriage return within a comment does no harm.
  EXPECT_THAT(
      read_all({write("comment.sam", std::string(kHeader) + "@CO\ta\rb\n" + line("a", 4, "ACGT"))}),
      ElementsAre(RecordIs("a", "ACGT")));
  std::string windows;
  for (const char c : kHeader + line("a", 4, "ACGT"))
    windows += c == '\n' ? "\r\n" : std::string(1, c);
  EXPECT_THAT(read_all({write("windows.sam", windows)}), ElementsAre(RecordIs("a", "ACGT")));
}

TEST_F(AlignmentReader, SaysWhatStandsBeforeTheHeader) {
  for (const char* begin : {"\xef\xbb\xbf", "\n", "\xef\xbb\xbf\r\n\r\n"}) {
    EXPECT_THAT(
        input_error({write("a.sam", begin + (kHeader + line("a", 4, "ACGT")))}),
        HasSubstr("is SAM that begins too late; expected FASTA, FASTQ, SAM, BAM or CRAM. "
                  "Remove what stands before its header: a byte order mark or blank lines."));
  }
}

TEST_F(AlignmentReader, RefusesABamFileCutWithinABlock) {
  const std::string whole = file_bytes(write_alignment("a.bam", sam_, "wb"));
  std::size_t block = 0;  // where the next one begins
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (block < size) {  // its length less one stands in its header
      block += 1U + static_cast<unsigned char>(whole[block + 16]) +
               256U * static_cast<unsigned char>(whole[block + 17]);
    }
    if (size == block) continue;
    EXPECT_NE(input_error({write("cut", whole.substr(0, size))}), "") << size << " bytes left";
  }
}

TEST_F(AlignmentReader, ReadsABamFileWithoutItsEndBlockAndSaysSoBeforeTheFirstRecord) {
  const std::string whole = file_bytes(write_alignment("a.bam", sam_, "wb"));
  const std::string file = write("cut", whole.substr(0, whole.size() - kBamEndMark));
  std::vector<std::string> warnings;
  SequenceReader reader({file}, keep_warnings(warnings));
  Record record;
  ASSERT_TRUE(reader.next(record));
  EXPECT_THAT(warnings,
              ElementsAre(file + ": has not the empty block that BGZF files end with. It is "
                                 "read as it is; should records be missing at its end, it was "
                                 "cut in writing or copying"));
  warnings.clear();
  expect_records(read_all({file}, keep_warnings(warnings)));
  EXPECT_THAT(warnings, testing::SizeIs(1));
}

TEST_F(AlignmentReader, RefusesACramFileWithoutItsEndContainerBeforeTheFirstRecord) {
  const std::string whole = file_bytes(write_alignment("a.cram", sam_, "wc"));
  const std::string file = write("cut", whole.substr(0, whole.size() - kCramEndMark));
  SequenceReader reader({file});
  Record record;
  EXPECT_THROW(reader.next(record), InputError);
  EXPECT_EQ(input_error({file}),
            file +
                ": the file ends early: its end mark is missing, so it was cut in writing or "
                "copying. Copy it again.");
}

TEST_F(AlignmentReader, RefusesACramFileCutAnywhere) {
  const std::string whole = file_bytes(write_alignment("a.cram", sam_, "wc"));
  for (std::size_t size = 1; size < whole.size(); size += 11) {
    EXPECT_NE(input_error({write("cut", whole.substr(0, size))}), "") << size << " bytes left";
  }
}

TEST_F(AlignmentReader, ReadsPipesAndSaysWhatTheyLackAtTheirEnd) {
  for (const bool is_cram : {false, true}) {
    SCOPED_TRACE(is_cram ? "CRAM" : "BAM");
    const std::string whole = file_bytes(write_alignment("a", sam_, is_cram ? "wc" : "wb"));
    {
      const NamedPipe pipe(path(is_cram ? "p1" : "p2"), whole);
      expect_records(read_all({pipe.path()}));
    }
    const std::size_t mark = is_cram ? kCramEndMark : kBamEndMark;
    {
      const NamedPipe pipe(path(is_cram ? "p3" : "p4"), whole.substr(0, whole.size() - mark));
      std::vector<std::string> warnings;
      if (is_cram) {
        EXPECT_THAT(input_error({pipe.path()}), HasSubstr("its end mark is missing"));
      } else {
        expect_records(read_all({pipe.path()}, keep_warnings(warnings)));
        EXPECT_THAT(warnings, ElementsAre(HasSubstr("has not the empty block")));
      }
    }
    const NamedPipe pipe(path(is_cram ? "p5" : "p6"), whole.substr(0, whole.size() - mark - 1));
    EXPECT_NE(input_error({pipe.path()}), "");
  }
}

TEST_F(AlignmentReader, RefusesADamagedSamLineByItsNumber) {
  const std::string file = write("a.sam", kHeader + line("a", 4, "ACGT") + "b\tx\tnot a line\n");
  EXPECT_EQ(
      input_error({file}),
      file + ": record 2 (line 4) is not a SAM line; the file is cut or damaged. Copy it again.");
}

TEST_F(AlignmentReader, RefusesBasesThatNeedTheReference) {
  EXPECT_THAT(input_error({write("a.sam", kHeader + line("a", 0, "AC=T"))}),
              HasSubstr("record 1 ('a', line 3): base 3 is '='"));
}

TEST_F(AlignmentReader, ReadsCramWhileItsReferenceIsThereAndSaysSoWhenItIsNot) {
  const std::string reference = write("ref.fa", kReference);
  const std::string reads = kHeader + line("a", 0, "TGCAAGCTTACG") + line("b", 16, "TGCAAGGTTACG");
  const std::string file = write_alignment("a.cram", reads, "wc", reference);
  EXPECT_THAT(read_all({file}),
              ElementsAre(RecordIs("a", "TGCAAGCTTACG"), RecordIs("b", "CGTAACCTTGCA")));
  std::filesystem::remove(reference);
  std::filesystem::remove(reference + ".fai");
  EXPECT_THAT(input_error({file}), AllOf(StartsWith(file + ": record 1 cannot be decoded."),
                                         HasSubstr("REF_PATH"), HasSubstr("samtools view")));
}

}  // namespace
}  // namespace virnucpro::test
