// FASTA and FASTQ: what is data, what is an error, and what the errors say.
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <stop_token>
#include <string>
#include <vector>

#include "test_files.h"

namespace virnucpro::test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

class FastaReader : public ReaderTest {};
class FastqReader : public ReaderTest {};
class InputFiles : public ReaderTest {};

TEST_F(FastaReader, GivesIdBasesLineFileAndOrdinal) {
  const auto records = read_all(
      {write("a.fa", ">one first record\nACGT\nAC\n>two\nGG\n"), write("b.fa", "\n\n>three\nTT")});
  ASSERT_THAT(records, ElementsAre(RecordIs("one", "ACGTAC"), RecordIs("two", "GG"),
                                   RecordIs("three", "TT")));
  EXPECT_EQ(records[0].line, 1U);
  EXPECT_EQ(records[1].line, 4U);
  EXPECT_EQ(records[2].line, 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(records[i].ordinal, i);
  EXPECT_EQ(records[1].file, 0U);
  EXPECT_EQ(records[2].file, 1U);
}

TEST_F(FastaReader, KeepsCaseAndEveryLetter) {
  EXPECT_THAT(read_all({write("a.fa", ">a\nacgtNNRYKMSWBDHVxU\n")}),
              ElementsAre(RecordIs("a", "acgtNNRYKMSWBDHVxU")));
}

TEST_F(FastaReader, RemovesWhiteSpaceFromBasesAndSkipsBlankLines) {
  EXPECT_THAT(read_all({write("a.fa", "\n \n>a\n\nAC GT\t\n\n  A\n\n>b\n\n")}),
              ElementsAre(RecordIs("a", "ACGTA"), RecordIs("b", "")));
}

TEST_F(FastaReader, ReadsWindowsLineEnds) {
  const auto records =
      read_all({write("a.fa", ">a text\r\nACGT\r\n\r\nA\r\n>b\r\nC\r\n>\r\n\r\n")});
  EXPECT_THAT(records, ElementsAre(RecordIs("a", "ACGTA"), RecordIs("b", "C"), RecordIs("", "")));
  EXPECT_EQ(records[1].line, 5U);
}

TEST_F(FastaReader, SkipsAByteOrderMark) {
  EXPECT_THAT(read_all({write("a.fa", "\xef\xbb\xbf>a\nACGT\n")}),
              ElementsAre(RecordIs("a", "ACGT")));
}

TEST_F(FastaReader, TakesTheFirstWordOfTheHeader) {
  EXPECT_THAT(
      read_all({write("a.fa", ">a\tb\nA\n>  c d\nC\n>\te\nG\n> \nT\n>\nA\n>\xc3\xa9 x\nC\n")}),
      ElementsAre(RecordIs("a", "A"), RecordIs("c", "C"), RecordIs("e", "G"), RecordIs("", "T"),
                  RecordIs("", "A"), RecordIs("\xc3\xa9", "C")));
}

TEST_F(FastaReader, KeepsRecordsWithoutNameOrBasesWhereverTheyStand) {
  EXPECT_THAT(
      read_all({write("a.fa", ">\n>a\n>b\nAC\n>")}),
      ElementsAre(RecordIs("", ""), RecordIs("a", ""), RecordIs("b", "AC"), RecordIs("", "")));
  EXPECT_THAT(read_all({write("b.fa", ">")}), ElementsAre(RecordIs("", "")));
  EXPECT_THAT(read_all({write("c.fa", ">a")}), ElementsAre(RecordIs("a", "")));
}

TEST_F(FastaReader, KeepsDuplicateIds) {
  const auto records = read_all({write("a.fa", ">a\nA\n>a\nC\n")});
  EXPECT_THAT(records, ElementsAre(RecordIs("a", "A"), RecordIs("a", "C")));
  EXPECT_NE(records[0].ordinal, records[1].ordinal);
}

TEST_F(FastaReader, KeepsGapSignsWithOneWarning) {
  std::vector<std::string> warnings;
  EXPECT_THAT(read_all({write("a.fa", ">a\nAC-GT.A*\n>b\nA-C\n")}, keep_warnings(warnings)),
              ElementsAre(RecordIs("a", "AC-GT.A*"), RecordIs("b", "A-C")));
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_EQ(warnings[0], path("a.fa") +
                             ": record 1 ('a', line 1): holds gap signs ('-', '.' or '*'); they "
                             "stay, as unknown bases");
}

TEST_F(FastaReader, WarnsOnceOfRna) {
  std::vector<std::string> warnings;
  read_all({write("a.fa", ">a\nACGUU\n>b\nUUU\n")}, keep_warnings(warnings));
  ASSERT_THAT(warnings, SizeIs(1));
  EXPECT_THAT(warnings[0], HasSubstr("looks like RNA"));
}

TEST_F(FastaReader, RefusesOtherBytesInBasesAndSaysWhichAndWhere) {
  const std::string file = write("a.fa", ">a\nACGT\n>b x\nACGT\nAC1T\n");
  EXPECT_EQ(input_error({file}),
            file +
                ": record 2 ('b', line 3): expected a letter as base 7, found '1'; the file is "
                "damaged or not a nucleotide file. Remove what is not sequence.");
  EXPECT_THAT(input_error({write("b.fa", std::string(">a\nAC\0GT\n", 9))}),
              HasSubstr("as base 3, found byte 0x00"));
  EXPECT_THAT(input_error({write("c.fa", ">a\nAC\xc3\xa9GT\n")}), HasSubstr("found byte 0xc3"));
  EXPECT_THAT(input_error({write("d.fa", ">a\n;comment\nACGT\n")}), HasSubstr("found ';'"));
}

TEST_F(FastaReader, RefusesControlBytesInANameAndShowsItReadably) {
  EXPECT_THAT(input_error({write("a.fa", ">a\x01z\nACGT\n")}),
              HasSubstr("record 1 ('a?z', line 1): its name holds the control byte 0x01"));
}

TEST_F(FastaReader, RefusesProtein) {
  const std::string file =
      write("a.faa", ">p1\nMKTAYIAKQRQISFVKSHFSRQLEERLGLIEVQ\nAPILSRVGDGTQDNLSGAEK\n");
  EXPECT_THAT(input_error({file}),
              AllOf(StartsWith(file + ": record 1 ('p1', line 1): looks like protein: "),
                    HasSubstr("Give nucleotide sequences.")));
  EXPECT_THAT(read_all({write("short.fa", ">a\nACGTE\n")}), SizeIs(1));  // too short to say
}

TEST_F(FastaReader, RefusesFastqLinesInFasta) {
  EXPECT_THAT(input_error({write("a.fa", ">a\nACGT\n@b\nACGT\n+\nIIII\n")}),
              HasSubstr("record 1 ('a', line 1): expected bases or '>', found a line that begins "
                        "with '@'"));
  EXPECT_THAT(input_error({write("b.fa", ">a\nACGT\n+\nIIII\n")}), HasSubstr("begins with '+'"));
  EXPECT_THAT(input_error({write("c.fa", ">a\nACGT\n+")}), HasSubstr("begins with '+'"));
}

TEST_F(FastaReader, ReadsLoneCarriageReturns) {
  const auto records = read_all({write("a.fa", ">a x\rACGT\rAC\r\r>b\rAC\r")});
  ASSERT_THAT(records, ElementsAre(RecordIs("a", "ACGTAC"), RecordIs("b", "AC")));
  EXPECT_EQ(records[1].line, 5U);
  EXPECT_THAT(read_all({write("b.fa", ">a x\ry\nAC\rGT\n")}), ElementsAre(RecordIs("a", "ACGT")));
}

TEST_F(FastaReader, ReadsARecordLongerThanEveryBuffer) {
  std::string bases;
  for (int i = 0; i < 3'000'000; ++i) bases += "ACGT"[(i * 7 + i / 11) % 4];
  std::string text = ">long\n";
  for (std::size_t i = 0; i < bases.size(); i += 61) text += bases.substr(i, 61) + "\n";
  const auto records = read_all({write("a.fa", text + ">next\nA\n")});
  ASSERT_THAT(records, SizeIs(2));
  EXPECT_TRUE(records[0].bases == bases);
  EXPECT_EQ(records[1].line, 2 + (bases.size() + 60) / 61);
}

TEST_F(FastaReader, ReadsTheSameWhereverABufferEnds) {
  // Headers of every length around the parser's buffer of 16384 bytes.
  for (std::size_t padding = 16370; padding < 16390; ++padding) {
    const std::string name(padding, 'n');
    ASSERT_THAT(read_all({write("a.fa", ">" + name + " x\nAC\n>\nGT")}),
                ElementsAre(RecordIs(name, "AC"), RecordIs("", "GT")))
        << padding;
    const std::string text = ">a\n" + std::string(padding, 'C') + "\n>";
    ASSERT_THAT(read_all({write("b.fa", text)}),
                ElementsAre(RecordIs("a", std::string(padding, 'C')), RecordIs("", "")))
        << padding;
  }
}

TEST_F(FastqReader, ReadsRecordsOnFourLinesOrMore) {
  const auto records =
      read_all({write("a.fq", "@a x\nACGT\n+a x\nIIII\n\n@b\nAC\nGT\n+\n@I\n>I\n@c\n\n+\n\n")});
  ASSERT_THAT(records,
              ElementsAre(RecordIs("a", "ACGT"), RecordIs("b", "ACGT"), RecordIs("c", "")));
  EXPECT_EQ(records[1].line, 6U);
  EXPECT_EQ(records[2].line, 12U);
}

TEST_F(FastqReader, ReadsWindowsLineEndsAndNoNewlineAtTheEnd) {
  EXPECT_THAT(read_all({write("a.fq", "@a\r\nA\r\n+\r\nI\r\n@b\r\nACG\r\n+\r\nIII")}),
              ElementsAre(RecordIs("a", "A"), RecordIs("b", "ACG")));
}

TEST_F(FastqReader, RefusesATruncatedQuality) {
  const std::string file = write("a.fq", "@a\nACGT\n+\nIIII\n@b\nACGT\n+\nII");
  EXPECT_EQ(input_error({file}),
            file +
                ": record 2 ('b', line 5): expected 4 quality characters, one for each base, "
                "found 2; the file may be cut or damaged. Copy it again.");
}

TEST_F(FastqReader, ReadsLoneCarriageReturns) {
  EXPECT_THAT(read_all({write("a.fq", "@a\rACGT\r+\r@III\r@b\r\r+\r\r")}),
              ElementsAre(RecordIs("a", "ACGT"), RecordIs("b", "")));
}

TEST_F(FastqReader, ReadsAnEmptyReadWhoseQualityLineEndsWithTheFile) {
  for (const char* end : {"@b\n\n+", "@b\n\n+b", "@b\n+", "@b\n\n+\n", "@b\n\n+\n\n"}) {
    EXPECT_THAT(read_all({write("a.fq", std::string("@a\nAC\n+\nII\n") + end)}),
                ElementsAre(RecordIs("a", "AC"), RecordIs("b", "")))
        << end;
  }
}

TEST_F(FastqReader, RefusesAFileCutAnywhereInARecord) {
  const std::string whole = "@a\nACGT\n+\nIIII\n@b\nACGT\n+\nIIII\n";
  // A cut before '@' or in the last newline leaves whole records.
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const bool complete = size == 14 || size == 15 || size == 29;
    EXPECT_EQ(input_error({write("a.fq", whole.substr(0, size))}).empty(), complete) << size;
  }
}

TEST_F(FastqReader, SaysWhatAnEmptyReadLacks) {
  EXPECT_THAT(input_error({write("a.fq", "@a\n+\n@b\nA\n+\nI\n")}),
              HasSubstr("record 1 ('a', line 1): has no bases, but a quality of 2 characters; its "
                        "bases or the empty line of its quality are missing."));
}

TEST_F(FastqReader, RefusesAQualityLongerThanTheBases) {
  EXPECT_THAT(input_error({write("a.fq", "@a\nACGT\n+\nIIIII\n")}), HasSubstr("found 5"));
  const std::string file = write("b.fq", "@a\nACGT\n+\nIIII\nIIII\n@b\nA\n+\nI\n");
  EXPECT_EQ(
      input_error({file}),
      file +
          ": after record 1 ('a', line 1), line 5: expected '@' or the end of the file, found 'I'. "
          "The "
          "quality of the record before may be longer than its bases, or the file is damaged.");
}

TEST_F(FastqReader, LosesNoRecordWhoseFirstCharacterIsDamaged) {
  EXPECT_THAT(input_error({write("a.fq", "@a\nAC\n+\nII\nb\nAC\n+\nII\n@c\nAC\n+\nII\n")}),
              HasSubstr("line 5: expected '@'"));
}

TEST_F(FastqReader, RefusesARecordWithoutQuality) {
  EXPECT_THAT(input_error({write("a.fq", "@a\nACGT\n@b\nACGT\n+\nIIII\n")}),
              HasSubstr("record 1 ('a', line 1): expected a line with '+'"));
  EXPECT_THAT(input_error({write("b.fq", "@a\nACGT\n")}), HasSubstr("expected a line with '+'"));
}

TEST_F(InputFiles, WithoutRecordsAreValid) {
  for (const char* content : {"", "\n", " \n\t\r\n\n"}) {
    EXPECT_THAT(read_all({write("a.fa", content)}), IsEmpty()) << content;
  }
  EXPECT_THAT(read_all({write("a.fa", ""), write("b.fa", ">b\nA\n"), write("c.fa", "")}),
              ElementsAre(RecordIs("b", "A")));
  EXPECT_THAT(read_all({}), IsEmpty());
}

TEST_F(InputFiles, AreKnownByContentNotByName) {
  EXPECT_THAT(read_all({write("reads.bam", ">a\nA\n"), write("b.fa", "@b\nC\n+\nI\n")}),
              ElementsAre(RecordIs("a", "A"), RecordIs("b", "C")));
}

TEST_F(InputFiles, ThatAreSomethingElseAreRefused) {
  const std::string file = write("a.fa", "\nhello\n");
  EXPECT_EQ(input_error({file}),
            file +
                ": line 2: not a sequence file: expected '>' (FASTA), '@' (FASTQ), SAM, BAM or "
                "CRAM, found 'h'.");
  EXPECT_THAT(input_error({write("b.fa", "<!DOCTYPE html><html></html>")}), HasSubstr("web page"));
  EXPECT_THAT(input_error({write("c.fa",
                                 "\x7f"
                                 "ELF\x02\x01")}),
              HasSubstr("binary data"));
  EXPECT_THAT(input_error({write("d.fa", "##fileformat=VCFv4.2\n#CHROM\tPOS\n")}),
              HasSubstr("not a sequence file: found VCF"));
  EXPECT_THAT(input_error({write("e.fa", "BZh91AY&SY")}), HasSubstr("compressed with bzip2"));
  EXPECT_THAT(input_error({write("f.fa", std::string("\xfd"
                                                     "7zXZ\0\0\4",
                                                     8))}),
              HasSubstr("compressed with xz"));
  EXPECT_THAT(input_error({write("g.fa", "\x28\xb5\x2f\xfd\x04")}), HasSubstr("with zstd"));
}

TEST_F(InputFiles, OfOtherFormatsAreNamedWithWhatHelps) {
  using namespace std::string_literals;
  const std::string genbank = "LOCUS       X 4 bp DNA\nORIGIN\n        1 acgt\n//\n";
  std::string tar(512, '\0');
  tar.replace(0, 4, "a.fa");
  // The sum of all bytes, its own field as spaces.
  tar.replace(148, 7, "001126\0"s);
  ASSERT_EQ('a' + '.' + 'f' + 'a' + 8 * ' ', 01126);
  const std::string file = write("a.gb", "\n\n" + genbank);
  EXPECT_EQ(input_error({file}),
            file +
                ": is a flat file of GenBank; expected FASTA, FASTQ, SAM, BAM or CRAM. Only "
                "'virnucpro dataset' reads it; elsewhere give FASTA: get the record from NCBI as "
                "FASTA, or convert it: seqret -sequence genbank::FILE -outseq fasta::NEW");
  const std::vector<std::pair<std::string, std::string>> kinds = {
      {"GBVRL1.SEQ  Genetic Sequence Data Bank\n\n" + genbank, "is a flat file of GenBank"},
      {"ID   X1; SV 1; linear; DNA; STD; VRL; 4 BP.\nXX\n", "is a flat file of EMBL"},
      {"PK\x03\x04\x14", "is a zip archive; expected FASTA, FASTQ, SAM, BAM or CRAM. Unpack"},
      {tar, "is a tar archive; expected FASTA, FASTQ, SAM, BAM or CRAM. Unpack it first: tar -xf"},
      {"%PDF-1.7\n", "is a PDF document; expected FASTA"},
      {"\x89HDF\r\n\x1a\n"s, "is an HDF5 file; expected FASTA"},
      {"SQLite format 3\0"s, "is an SQLite database"},
      {"# STOCKHOLM 1.0\n", "is a Stockholm file"},
      {"##gff-version 3\nc1\tx\n", "is a GFF file"},
      {"version https://git-lfs.github.com/spec/v1\n", "is a pointer of Git LFS"},
      {"\xff\xfe>\0a\0\n\0"s, "is text in UTF-16, expected UTF-8 or ASCII. Convert it: iconv"},
      {"\xfe\xff\0>\0a\0\n"s, "is text in UTF-16, "},
      {">\0a\0\n\0A\0"s, "is text in UTF-16LE, "},
      {"\0>\0a\0\n\0A"s, "is text in UTF-16BE, "},
      {"\xff\xfe\0\0>\0\0\0"s, "is text in UTF-32, "},
      {file_bytes(compress("x", ">a\nA\n", "wg")), "is compressed twice"},
  };
  for (const auto& [content, words] : kinds) {
    EXPECT_THAT(input_error({compress("in.gz", content, "wg")}), HasSubstr(words));
    if (!content.starts_with("\x1f")) {
      EXPECT_THAT(input_error({write("in", content)}), HasSubstr(words));
    }
  }
}

TEST_F(InputFiles, ThatAreMissingOrFoldersAreRefusedAtOnce) {
  const std::string good = write("a.fa", ">a\nA\n");
  EXPECT_EQ(input_error({good, path("none.fa")}),
            path("none.fa") +
                ": cannot be read: No such file or directory. Check the path and its permissions.");
  EXPECT_THROW(SequenceReader({good, path("none.fa")}), InputError);
  EXPECT_EQ(input_error({folder_.string()}),
            folder_.string() + ": is a folder, not a file. Name the files in it.");
}

TEST_F(InputFiles, AreOpenedAtAddressesByThoseWhoMayAlone) {
  EXPECT_THAT(input_error({"https://example.org/a.fa"}), HasSubstr("curl -fLO ADDRESS"));
  EXPECT_THAT(input_error({"s3://bucket/a.fa"}), HasSubstr("aws s3 cp ADDRESS FILE"));
  EXPECT_THAT(input_error({"ftp://host/a.fa"}), HasSubstr("No such file or directory"));
  std::string opened;
  bool is_cut = false;
  const auto records_of = [&](const std::string& text) {
    SequenceReader reader({"s3://bucket/a.fa"});
    reader.open_addresses_by([&](const std::string& address, const std::stop_token&) {
      opened = address;
      std::array<int, 2> ends{};
      EXPECT_EQ(::pipe(ends.data()), 0);
      EXPECT_EQ(::write(ends[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
      ::close(ends[1]);
      return OpenedStream{Descriptor(ends[0]), [&] {
                            if (is_cut) throw InputError("the server is gone");
                          }};
    });
    std::vector<std::string> ids;
    for (Record record; reader.next(record);) ids.push_back(record.id);
    return ids;
  };
  EXPECT_THAT(records_of(">a\nACGT\n>b\nC\n"), ElementsAre("a", "b"));
  EXPECT_EQ(opened, "s3://bucket/a.fa");
  // What came looks like a whole file; only the stream knows that it is not.
  is_cut = true;
  EXPECT_THROW(records_of(">a\nACGT\n"), InputError);
}

TEST_F(InputFiles, MayBeNamedPipes) {
  const NamedPipe pipe(path("pipe"), ">a\nACGT\n>b\nC\n");
  EXPECT_THAT(read_all({pipe.path()}), ElementsAre(RecordIs("a", "ACGT"), RecordIs("b", "C")));
}

TEST_F(InputFiles, MayBeStandardInputOnce) {
  const std::string file = write("a.fa", ">a\nACGT\n>b\nA1\n");
  const int saved = ::dup(STDIN_FILENO);
  const int in = ::open(file.c_str(), O_RDONLY);
  ASSERT_GE(::dup2(in, STDIN_FILENO), 0);
  const std::string error = input_error({"-"});
  ASSERT_GE(::dup2(saved, STDIN_FILENO), 0);
  ::close(in);
  ::close(saved);
  EXPECT_THAT(error, StartsWith("standard input: record 2 ('b', line 3): expected a letter"));
  EXPECT_THAT(input_error({"-", "-"}), HasSubstr("more than once"));
}

TEST_F(InputFiles, KeepTheCapacityOfTheCallersRecord) {
  SequenceReader reader({write("a.fa", ">a\n" + std::string(1000, 'A') + "\n>b\nC\n")});
  Record record;
  ASSERT_TRUE(reader.next(record));
  ASSERT_TRUE(reader.next(record));
  EXPECT_GE(record.bases.capacity(), 1000U);
  EXPECT_FALSE(reader.next(record));
  EXPECT_FALSE(reader.next(record));
  EXPECT_EQ(reader.records(), 2U);
}

TEST_F(InputFiles, AreNotReadOnAfterAnError) {
  SequenceReader reader({write("a.fa", ">a\nA1\n>b\nC\n")});
  Record record;
  EXPECT_THROW(reader.next(record), InputError);
  EXPECT_THROW(reader.next(record), ContractError);
}

}  // namespace
}  // namespace virnucpro::test
