// GenBank flat files, good and damaged.
#include "dataset/genbank_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>

#include "base/errors.h"
#include "dataset/genome_reader.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kEntry =
    R"(LOCUS       AB000001                  70 bp    DNA     linear   PHG 01-JAN-2000
DEFINITION  A phage of nobody, complete genome. The word LOCUS
            stands here, too.
ACCESSION   AB000001 REGION: 1..70
VERSION     AB000001.2
SOURCE      Phage of nobody
  ORGANISM  Phage of
            Viruses; Duplodnaviria.
FEATURES             Location/Qualifiers
     source          1..70
                     /organism="Phage of
                     nobody ""X"""
                     /mol_type="genomic DNA"
     gene            complement(<1..30)
                     /translation="NOTACDS"
     CDS             complement(join(1..9,13..21,
                     25..>30))
                     /codon_start=1
                     /note="says ""/translation=
                     /translation=WRONG"" in quotes"
                     /pseudo
                     /translation="MKVL
                     aaQR*
                     WY"
     CDS             order(40..50,AB000002.1:1..9)
                     /translation="MM"
     CDS             60..70
                     /product="without a translation"
ORIGIN      of something
        1 gatcctccat atacaacggt NNryACGTAC ggtgtggggg
       41 acgtacgtac gtacgtacgt acgtacgtac
//
)";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

class Genbank : public testing::Test {
 protected:
  std::vector<GenbankRecord> records_of(const std::string& text) const {
    folder_.write("a.gb", text);
    GenbankReader reader(folder_.file("a.gb"));
    std::vector<GenbankRecord> records;
    for (GenbankRecord record; reader.next(record);) records.push_back(record);
    return records;
  }
  /// The message behind the file's name.
  std::string error_of(const std::string& text) const {
    try {
      records_of(text);
    } catch (const InputError& error) {
      const std::string message = error.what();
      const std::string file = folder_.file("a.gb") + ": ";
      EXPECT_TRUE(message.starts_with(file)) << message;
      return message.substr(file.size());
    }
    return "no error";
  }

  TemporaryFolder folder_;
};

TEST_F(Genbank, GivesIdOrganismBasesAndTranslationsOfCodingSequences) {
  const std::vector<GenbankRecord> records = records_of(kEntry);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].id, "AB000001.2");
  EXPECT_EQ(records[0].organism, "Phage of nobody X");
  EXPECT_EQ(records[0].line, 1U);
  EXPECT_EQ(records[0].bases,
            "gatcctccatatacaacggtNNryACGTACggtgtgggggacgtacgtacgtacgtacgtacgtacgtac");
  EXPECT_THAT(records[0].translations, ElementsAre("MKVLAAQR*WY", "MM"));
}

TEST_F(Genbank, TakesWindowsLineEndsAndManyEntries) {
  std::string text = std::string(kEntry) + "\n" + with(kEntry, "AB000001.2", "AB000002.1");
  std::string windows;
  for (const char c : text) windows += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const std::vector<GenbankRecord> plain = records_of(text);
  const std::vector<GenbankRecord> read = records_of(windows);
  ASSERT_EQ(read.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(read[i].id, plain[i].id);
    EXPECT_EQ(read[i].line, plain[i].line);
    EXPECT_EQ(read[i].bases, plain[i].bases);
    EXPECT_EQ(read[i].organism, plain[i].organism);
    EXPECT_EQ(read[i].translations, plain[i].translations);
  }
  EXPECT_EQ(read[1].id, "AB000002.1");
  EXPECT_EQ(read[1].line, static_cast<std::uint64_t>(
                              std::count(kEntry, kEntry + std::string(kEntry).size(), '\n') + 2));
  EXPECT_THAT(records_of(""), IsEmpty());
}

TEST_F(Genbank, TakesTheNextBestIdOrganismAndNoLengthAtAll) {
  std::string text = with(kEntry, "VERSION     AB000001.2\n", "");
  EXPECT_EQ(records_of(text)[0].id, "AB000001");
  text = with(text, "ACCESSION   AB000001 REGION: 1..70\n", "ACCESSION\n");
  text = with(text, "AB000001                  70 bp", "contig_1_length_70 bp");
  text = with(
      text, "                     /organism=\"Phage of\n                     nobody \"\"X\"\"\"\n",
      "");
  const std::vector<GenbankRecord> records = records_of(text);
  EXPECT_EQ(records[0].id, "contig_1_length_70");
  EXPECT_EQ(records[0].organism, "Phage of");
  EXPECT_EQ(records[0].bases.size(), 70U);
}

TEST_F(Genbank, SaysWhereAnEntryIsCut) {
  const std::string text = kEntry;
  EXPECT_EQ(error_of(text.substr(0, text.find("//\n"))),
            "line 31: the entry 'AB000001.2', which begins in line 1, has no end ('//'); the file "
            "may be cut. Copy it again.");
  EXPECT_THAT(error_of(with(text, "       41 acgtacgtac gtacgtacgt acgtacgtac\n", "")),
              HasSubstr("line 31: expected 70 bases in 'AB000001.2', as its LOCUS says, found 40"));
  EXPECT_THAT(
      error_of(with(text, "       41 ", "       41 a")),
      HasSubstr("line 31: expected 70 bases in 'AB000001.2', as its LOCUS says, found more"));
  EXPECT_THAT(error_of(with(text, "without a translation\"", "without an end")),
              HasSubstr("line 29: expected the end of the quoted value that begins in line 28"));
  EXPECT_THAT(error_of(with(text, "//\n", text)),
              HasSubstr("expected the end ('//') of the entry that begins in line 1"));
}

TEST_F(Genbank, RefusesWhatHasNoBases) {
  const std::string text = kEntry;
  const std::string header = text.substr(0, text.find("ORIGIN"));
  EXPECT_EQ(error_of(header + "CONTIG      join(AB000002.1:1..70)\n//\n"),
            "line 30: the entry 'AB000001.2' has no bases, it only names other entries (CONTIG); "
            "get it with its sequence ('GenBank (full)', or rettype=gbwithparts).");
  EXPECT_THAT(error_of(header + "//\n"), HasSubstr("has no bases; get it with its sequence"));
  EXPECT_THAT(error_of(with(text, "70 bp", "70 aa")), HasSubstr("line 1: is a protein"));
}

TEST_F(Genbank, NamesBytesThatDoNotBelongThere) {
  EXPECT_EQ(error_of(with(kEntry, "acgtacgtac", "acgt!cgtac")),
            "line 31: expected bases and their positions, found '!'; the file is damaged.");
  EXPECT_EQ(error_of(with(kEntry, "aaQR*", "aa(R*")),
            "line 23: expected the letters of a translation, found '('; the file is damaged.");
  EXPECT_THAT(error_of(std::string(kEntry) + ">x\nACGT\n"),
              HasSubstr("line 33: expected LOCUS, the begin of an entry"));
}

TEST_F(Genbank, IsToldFromOtherFormatsByContent) {
  folder_.write("genbank.fa", kEntry);
  folder_.write("fasta.gb", ">f1 x\nACGT\n>f2\nAC\n");
  const std::string packed = folder_.file("packed");
  const gzFile file = gzopen(packed.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  EXPECT_GT(gzputs(file, kEntry), 0);
  EXPECT_EQ(gzclose(file), Z_OK);
  GenomeReader reader({folder_.file("genbank.fa"), folder_.file("fasta.gb"), packed}, {});
  std::vector<std::string> seen;
  for (Genome genome; reader.next(genome);) {
    seen.push_back(std::to_string(genome.file) + genome.id +
                   (genome.is_annotated ? " annotated" : "") +
                   std::to_string(genome.translations.size()) + genome.organism);
  }
  EXPECT_THAT(seen, ElementsAre("0AB000001.2 annotated2Phage of nobody X", "1f10", "1f20",
                                "2AB000001.2 annotated2Phage of nobody X"));
}

}  // namespace
}  // namespace virnucpro
