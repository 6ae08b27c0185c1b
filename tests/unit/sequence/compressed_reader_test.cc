// gzip and bgzip: whole files, joined files, and files cut or damaged at any byte.
#include <random>
#include <string>

#include "test_files.h"

namespace virnucpro::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class CompressedReader : public ReaderTest {
 protected:
  static std::string fasta(int records) {
    std::mt19937 random(1);
    std::string text;
    for (int i = 0; i < records; ++i) {
      text += ">r" + std::to_string(i) + "\n";
      for (int j = 0; j < 200; ++j) text += "ACGT"[random() % 4];
      text += "\n";
    }
    return text;
  }
};

constexpr std::size_t kEndBlockBytes = 28;  // the empty block at the end of every BGZF file

TEST_F(CompressedReader, ReadsGzipAndBgzipByContent) {
  const std::string text = fasta(1000);  // several BGZF blocks
  for (const char* mode : {"wg", "w"}) {
    const auto records = read_all({compress("a.txt", text, mode)});
    ASSERT_THAT(records, SizeIs(1000)) << mode;
    EXPECT_EQ(records[999].line, 1999U);
  }
  EXPECT_THAT(read_all({compress("a.fq", "@a\nAC\n+\nII\n", "wg")}),
              ElementsAre(RecordIs("a", "AC")));
}

TEST_F(CompressedReader, ReadsJoinedFilesToTheirEnd) {
  for (const char* mode : {"wg", "w"}) {
    const std::string first = file_bytes(compress("a", ">a\nAC\n", mode));
    const std::string second = file_bytes(compress("b", ">b\nGT\n", mode));
    EXPECT_THAT(read_all({write("ab", first + second)}),
                ElementsAre(RecordIs("a", "AC"), RecordIs("b", "GT")))
        << mode;
  }
}

TEST_F(CompressedReader, TakesACompressedEmptyFileAsValid) {
  for (const char* mode : {"wg", "w"}) EXPECT_THAT(read_all({compress("a", "", mode)}), IsEmpty());
}

TEST_F(CompressedReader, RefusesAGzipFileCutAtAnyByte) {
  const std::string whole = file_bytes(compress("a", ">a\nACGTACGTTTGA\n>b\nAC\n", "wg"));
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_NE(input_error({write("cut", whole.substr(0, size))}), "") << size << " bytes left";
  }
}

TEST_F(CompressedReader, RefusesALongGzipFileCutBetweenItsBuffers) {
  const std::string whole = file_bytes(compress("a", fasta(5000), "wg"));
  ASSERT_GT(whole.size(), 200'000U);
  for (std::size_t size = 0xff00 - 1; size < whole.size(); size += 0xff00) {
    for (std::size_t more = 0; more < 3; ++more) {
      EXPECT_NE(input_error({write("cut", whole.substr(0, size + more))}), "") << size + more;
    }
  }
}

TEST_F(CompressedReader, SaysWhereACutGzipFileEnded) {
  const std::string whole = file_bytes(compress("a", fasta(5000), "wg"));
  const std::string file = write("cut", whole.substr(0, whole.size() - 4));
  EXPECT_THAT(
      input_error({file}),
      MatchesRegex(file + ": record [0-9]+ \\('r[0-9]+', line [0-9]+\\): reading failed: the "
                          "compressed data end early. The file may be cut or damaged; copy "
                          "it again."));
}

TEST_F(CompressedReader, RefusesABgzipFileCutAtAnyByte) {
  const std::string whole = file_bytes(compress("a", ">a\nACGTACGTTTGA\n>b\nAC\n", "w"));
  const std::size_t text = whole.size() - kEndBlockBytes;
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (size == text) continue;
    EXPECT_NE(input_error({write("cut", whole.substr(0, size))}), "") << size << " bytes left";
  }
}

TEST_F(CompressedReader, ReadsBgzipWithoutItsEndBlockAndSaysSoBeforeTheFirstRecord) {
  const std::string whole = file_bytes(compress("a", fasta(1000), "w"));
  const std::string file = write("b", whole.substr(0, whole.size() - kEndBlockBytes));
  const std::string warning =
      ": has not the empty block that BGZF files end with. It is read as it is; should records be "
      "missing at its end, it was cut in writing or copying";
  std::vector<std::string> warnings;
  SequenceReader reader({file}, keep_warnings(warnings));
  Record record;
  ASSERT_TRUE(reader.next(record));
  EXPECT_THAT(warnings, ElementsAre(file + warning));
  while (reader.next(record)) {
  }
  EXPECT_EQ(reader.records(), 1000U);
  EXPECT_THAT(warnings, SizeIs(1));
  // A pipe tells only at its end.
  warnings.clear();
  const NamedPipe pipe(path("pipe"), file_bytes(file));
  EXPECT_THAT(read_all({pipe.path()}, keep_warnings(warnings)), SizeIs(1000));
  EXPECT_THAT(warnings, ElementsAre(pipe.path() + warning));
  warnings.clear();
  read_all({path("a"), compress("c", fasta(9), "wg")}, keep_warnings(warnings));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(CompressedReader, PassesOverZerosBehindTheData) {
  for (const char* mode : {"wg", "w"}) {
    const std::string whole = file_bytes(compress("a", fasta(1000), mode));
    for (const std::size_t zeros : {1U, 27U, 28U, 512U, 200'000U}) {
      std::vector<std::string> warnings;
      const std::string file = write("padded", whole + std::string(zeros, '\0'));
      EXPECT_THAT(read_all({file}, keep_warnings(warnings)), SizeIs(1000)) << mode << zeros;
      ASSERT_FALSE(warnings.empty());
      EXPECT_EQ(warnings.back(), file + ": zeros follow the compressed data; they are passed over");
      const std::string other = write("other", whole + std::string(zeros, '\0') + "x");
      EXPECT_THAT(input_error({other}),
                  HasSubstr("record 1000 ('r999', line 1999): reading failed: bytes that "
                            "are no gzip data follow the compressed data"))
          << mode << zeros;
    }
  }
}

TEST_F(CompressedReader, ReadsGzipAndBgzipJoinedInAnyOrder) {
  const std::string gzip = file_bytes(compress("a", ">a\nAC\n", "wg"));
  const std::string bgzip = file_bytes(compress("b", ">b\nGT\n", "w"));
  const std::string empty = file_bytes(compress("c", "", "wg"));
  std::vector<std::string> warnings;
  EXPECT_THAT(read_all({write("1", gzip + bgzip + empty + gzip)}, keep_warnings(warnings)),
              ElementsAre(RecordIs("a", "AC"), RecordIs("b", "GT"), RecordIs("a", "AC")));
  EXPECT_THAT(read_all({write("2", empty + bgzip.substr(0, bgzip.size() - kEndBlockBytes) + gzip)},
                       keep_warnings(warnings)),
              ElementsAre(RecordIs("b", "GT"), RecordIs("a", "AC")));
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_THAT(input_error({write("3", gzip + ">b\nGT\n")}),
              HasSubstr("bytes that are no gzip data"));
}

TEST_F(CompressedReader, RefusesACutSecondMember) {
  for (const char* mode : {"wg", "w"}) {
    const std::string first = file_bytes(compress("a", ">a\nAC\n", mode));
    const std::string second = file_bytes(compress("b", ">b\nGT\n", mode));
    for (std::size_t size = 1; size < second.size(); ++size) {
      if (*mode == 'w' && mode[1] == '\0' && size == second.size() - kEndBlockBytes) continue;
      EXPECT_NE(input_error({write("cut", first + second.substr(0, size))}), "") << mode << size;
    }
  }
}

TEST_F(CompressedReader, RefusesAChangedByteInTheData) {
  for (const char* mode : {"wg", "w"}) {
    const std::string whole = file_bytes(compress("a", fasta(20), mode));
    for (std::size_t at = 40; at < whole.size() - 40; at += 97) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 0x10);
      EXPECT_NE(input_error({write("changed", changed)}), "") << mode << " byte " << at;
    }
  }
}

class DamagedInput : public ReaderTest {
 protected:
  // Reads `whole` with a few bytes changed, many times: any outcome except records or an InputError
  // fails the test.
  void damage(const std::string& whole) {
    std::mt19937 random(9);
    for (int round = 0; round < 300; ++round) {
      std::string changed = whole;
      for (unsigned count = random() % 4 + 1; count > 0; --count) {
        const std::size_t at = random() % changed.size();
        switch (random() % 3) {
          case 0:
            changed[at] = static_cast<char>(random());
            break;
          case 1:
            changed.insert(at, 1, "\n>@+ \r\t\0"[random() % 8]);
            break;
          default:
            changed.erase(at, random() % 5 + 1);
            if (changed.empty()) changed = "x";
        }
      }
      EXPECT_NO_THROW(input_error({write("changed", changed)})) << round;
    }
  }
};

TEST_F(DamagedInput, OfTextGivesRecordsOrAnInputError) {
  damage(">a x\nACGTACGTAC\nGGTA\n>b\n>c\nAC\n");
  damage("@a x\nACGTACGTAC\n+\nIIIIIIIIII\n@b\nAC\n+b\nII\n");
}

TEST_F(DamagedInput, OfCompressedTextGivesRecordsOrAnInputError) {
  for (const char* mode : {"wg", "w"}) {
    damage(file_bytes(compress("a", ">a x\nACGTACGTAC\nGGTA\n>b\n>c\nAC\n", mode)));
  }
}

TEST_F(DamagedInput, OfAlignmentsGivesRecordsOrAnInputError) {
  const std::string sam =
      "@HD\tVN:1.6\n@SQ\tSN:r\tLN:60\na\t4\t*\t0\t0\t*\t*\t0\t0\tACGT\t*\n"
      "b\t0\tr\t5\t60\t4M\t*\t0\t0\tACGT\tIIII\n";
  damage(sam);
  damage(file_bytes(write_alignment("a.bam", sam, "wb")));
}

}  // namespace
}  // namespace virnucpro::test
