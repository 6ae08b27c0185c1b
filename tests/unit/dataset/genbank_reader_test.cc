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
    told_.clear();
    const std::string file = folder_.file("a.gb") + ": ";
    GenbankReader reader(folder_.file("a.gb"), Log([&](LogLevel, std::string_view line) {
                           ASSERT_TRUE(line.starts_with(file)) << line;
                           told_.emplace_back(line.substr(file.size()));
                         }));
    std::vector<GenbankRecord> records;
    for (GenbankRecord record; reader.next(record);) records.push_back(record);
    return records;
  }
  /// The message after the file's name.
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
  mutable std::vector<std::string> told_;  ///< of the last file, behind its name
};

TEST_F(Genbank, GivesIdOrganismBasesAndTranslationsOfCodingSequences) {
  const std::vector<GenbankRecord> records = records_of(kEntry);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].id, "AB000001.2");
  EXPECT_EQ(records[0].organism, "Phage of nobody \"X\"");
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

TEST_F(Genbank, RefusesAFileThatEndsWithinAnEntry) {
  const std::string text = kEntry;
  const std::string cut = text.substr(0, text.find("       41 "));
  EXPECT_EQ(error_of(cut),
            "line 30: the entry 'AB000001.2', which begins in line 1, has no end ('//'); the file "
            "may be cut. Copy it again.");
  EXPECT_THAT(error_of(text + cut), HasSubstr("which begins in line 33, has no end"));
  EXPECT_THAT(error_of(text.substr(0, text.find("FEATURES"))), HasSubstr("has no end"));
  // Without a length nothing proves that all bases are there.
  const std::string unknown = with(text, "AB000001                  70 bp", "c_70 bp");
  EXPECT_THAT(error_of(unknown.substr(0, unknown.find("//\n"))), HasSubstr("has no end"));
}

TEST_F(Genbank, NeedsNoEndMarkWhereAllBasesOfLocusAreThere) {
  const std::string entry = with(kEntry, "//\n", "");
  const auto records = records_of(entry + with(entry, "AB000001.2", "AB000002.1"));
  ASSERT_EQ(records.size(), 2U);
  for (const GenbankRecord& record : records) {
    EXPECT_EQ(record.problem, EntryProblem::kNone);
    EXPECT_EQ(record.bases.size(), 70U);
    EXPECT_EQ(record.translations.size(), 2U);
  }
  EXPECT_THAT(told_, ElementsAre("line 1: an entry has no end mark ('//'), but all bases that its "
                                 "LOCUS says (2 in the file, this is the first)"));
  const auto unknown =
      records_of(with(entry, "AB000001                  70 bp", "c_70 bp") + kEntry);
  ASSERT_EQ(unknown.size(), 2U);
  EXPECT_THAT(unknown[0].message, HasSubstr("line 32: expected the end ('//') of the entry that "
                                            "begins in line 1, found another entry"));
  EXPECT_EQ(unknown[1].problem, EntryProblem::kNone);
}

TEST_F(Genbank, SaysWhatIsWrongWithAnEntryAndReadsTheNext) {
  const std::string text = kEntry;
  const std::string header = text.substr(0, text.find("ORIGIN"));
  struct Case {
    std::string entry;
    EntryProblem problem;
    std::string message;
  };
  const std::vector<Case> cases = {
      {header + "CONTIG      join(AB000002.1:1..70)\n//\n", EntryProblem::kNoBases,
       "line 30: the entry 'AB000001.2' has no bases, it only names other entries; get it with its "
       "sequence ('GenBank (full)', or rettype=gbwithparts)."},
      {with(header, "70 bp", "12 rc") + "WGS         AAAA01000001-AAAA01000012\n//\n",
       EntryProblem::kNoBases, "line 30: the entry 'AB000001.2' has no bases, it only names other"},
      {header + "//\n", EntryProblem::kNoBases, "has no bases; get it with its sequence"},
      {header + "ORIGIN\n//\n", EntryProblem::kNoBases, "has no bases; get it"},
      {with(text, "70 bp", "70 aa"), EntryProblem::kProtein,
       "line 1: is a protein; give the nucleotide entry that codes it."},
      {with(text, "       41 acgtacgtac gtacgtacgt acgtacgtac\n", ""), EntryProblem::kDamaged,
       "line 31: expected 70 bases in 'AB000001.2', as its LOCUS says, found 40; the file is "
       "damaged. Copy it again."},
      {with(text, "       41 ", "       41 a"), EntryProblem::kDamaged, "LOCUS says, found 71;"},
      {with(text, "acgtacgtac", "acgt!cgtac"), EntryProblem::kDamaged,
       "line 31: expected bases and their positions, found '!'; the file is damaged."},
      {with(text, "        1 gatcctccat", "        1 g!tcctccat"), EntryProblem::kDamaged,
       "found 30 and 1 line that is no bases, the first in line 30;"},
      {with(with(text, "AB000001                  70 bp", "c_70 bp"), "       41 ", "       51 "),
       EntryProblem::kDamaged,
       "line 31: expected the bases from position 41 on, found those from 51; lines are missing"},
  };
  for (const Case& each : cases) {
    const std::vector<GenbankRecord> records = records_of(each.entry + kEntry);
    ASSERT_EQ(records.size(), 2U) << each.message;
    EXPECT_EQ(records[0].problem, each.problem) << each.message;
    EXPECT_THAT(records[0].message, HasSubstr(each.message));
    EXPECT_EQ(records[1].problem, EntryProblem::kNone);
    EXPECT_EQ(records[1].message, "");
    EXPECT_EQ(records[1].bases.size(), 70U);
  }
}

TEST_F(Genbank, PassesOverTextThatIsNoEntry) {
  const std::string head =
      "\n\nGBTST1.SEQ          Genetic Sequence Data Bank\n                March 1 2020\n\n"
      "   2 loci, 140 bases, from 2 reported sequences\n\n\n";
  const std::string text = kEntry;
  EXPECT_EQ(records_of(head + text + "\n" + head + text).size(), 2U);
  EXPECT_THAT(told_, ElementsAre("line 3: 3 lines before the first entry are passed over",
                                 "line 44: text between or after entries is passed over (3 in "
                                 "the file, this is the first)"));
  for (const char* other : {">x\nACGT\n", "ID   X; SV 1;\n"}) {
    EXPECT_THAT(error_of(text + other),
                HasSubstr("line 33: expected LOCUS, the begin of an entry, found something that "
                          "looks like FASTA or EMBL. Give each format in a file of its own."));
  }
}

TEST_F(Genbank, TakesPositionsOfAnyWidthAndPlace) {
  const std::string bases = records_of(kEntry)[0].bases;
  for (const auto& [first, second] : std::vector<std::pair<std::string, std::string>>{
           {"100000001 ", "100000041 "},
           {" 99999961 ", "100000001 "},
           {"18446744073709551000 ", "18446744073709551040 "},
           {"\t1\t", "\t41\t"},
           {"         1 ", "        41 "},
           {"        1 ", "        1 "}}) {  // LOCUS says the length
    std::string text = with(kEntry, "        1 gatc", first + "gatc");
    text = with(text, "       41 acgt", second + "acgt");
    const auto records = records_of(text);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].message, "") << first;
    EXPECT_EQ(records[0].bases, bases) << first;
  }
}

TEST_F(Genbank, KeepsTextAmongTheBasesOutOfThem) {
  const std::string text = with(kEntry, "ORIGIN      of something\n",
                                "ORIGIN      of something\n            near the act "
                                "gene\nchromosome 1p36.5\n 12 bp upstream, "
                                "about\n");
  const auto records = records_of(with(text, "       41 ", "            tata box\n       41 "));
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].message, "");
  EXPECT_EQ(records[0].bases, records_of(kEntry)[0].bases);
  EXPECT_THAT(records_of(text).size(), 1U);
  EXPECT_THAT(told_, ElementsAre("line 30: text among the bases is passed over (3 in the file, "
                                 "this is the first)"));
}

TEST_F(Genbank, TakesBasesWithoutPositionsWhereLocusProvesThem) {
  std::string text = with(kEntry, "        1 gatc", "gatc");
  text = with(text, "       41 acgt", "   acgt");
  EXPECT_EQ(records_of(text)[0].bases, records_of(kEntry)[0].bases);
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_EQ(records_of(with(text, "70 bp", "71 bp"))[0].problem, EntryProblem::kNoBases);
}

/// The translations of an entry whose CDS has these lines below its key.
std::string with_cds(const std::string& lines) {
  const std::string text = kEntry;
  const std::size_t begin = text.find("                     /codon_start=1");
  const std::size_t end = text.find("     CDS             order");
  return text.substr(0, begin) + lines + text.substr(end);
}

TEST_F(Genbank, EndsAValueWithOddQuotesBeforeItTakesAnotherAlong) {
  const std::string margin(21, ' ');
  const std::string translation = margin + "/translation=\"MKVL\n" + margin + "AAW\"\n";
  const std::vector<std::string> odd = {
      "/note=\"ends at the 5\" side\"",
      "/note=\"never closed",
      "/note=\"closed twice\"\"",
      "/note=\"a \"b\" c \"d\"",
      "/note=\"a stray\" quote\n" + margin + "and more",
      "/note=\"",
      "/note=\"first line 5\"\n" + margin + "second line\"",
      "/note=\"never closed\n" + margin + "/pseudo\n" + margin + "/product=\"x\"",
      "/note=\"never closed\n" + margin + "/db_xref=\"\n" + margin + "GI:1\"",
      "/note=\"never closed\n" + margin + "/product=\"\""};
  for (const std::string& note : odd) {
    const std::string lines = margin + note + "\n";
    const auto before = records_of(with_cds(lines + translation));
    EXPECT_THAT(before[0].translations, ElementsAre("MKVLAAW", "MM")) << note;
    ASSERT_THAT(told_, testing::SizeIs(1)) << note;
    EXPECT_THAT(told_[0], HasSubstr("the quotes of a qualifier do not match; it is taken "
                                    "to end before the next one ("));
    const auto behind = records_of(with_cds(translation + lines));
    EXPECT_THAT(behind[0].translations, ElementsAre("MKVLAAW", "MM")) << note;
  }
  // A translation itself: what is there counts, up to the next qualifier or feature.
  EXPECT_THAT(records_of(with_cds(margin + "/translation=\"MKVL\n" + margin + "AAW\n" + margin +
                                  "/note=\"x\"\n"))[0]
                  .translations,
              ElementsAre("MKVLAAW", "MM"));
  EXPECT_THAT(records_of(with_cds(margin + "/translation=\"MKVL\n"))[0].translations,
              ElementsAre("MKVL", "MM"));
}

TEST_F(Genbank, TakesValuesThatFollowTheGrammar) {
  const std::string margin(21, ' ');
  const std::string translation = margin + "/translation=\"MKVL\n" + margin + "AAW\"\n";
  const std::vector<std::string> good = {
      "/note=\"\"",
      "/note=\"\"\"\"",
      "/note=\"\"\"whole\"\"\"",
      "/note=\"says \"\"/translation=\n" + margin + "/translation=WRONG\"\" in quotes\"",
      "/note=\"wrapped at and\n" + margin + "/or, and at\n" + margin + "CDS 1..9 of it\"",
      "/note=\"a blank line\n\n" + margin + "within\"",
      "/note = \"blanks\"",
      "/label=Without quotes\n" + margin + "going on",
      "/pseudo",
      "/transl_table=11",
      "/transl_except=(pos:1..3,aa:Sec)",
      "/number=1A"};
  for (const std::string& note : good) {
    const auto records = records_of(with_cds(margin + note + "\n" + translation));
    EXPECT_THAT(records[0].translations, ElementsAre("MKVLAAW", "MM")) << note;
    EXPECT_THAT(told_, IsEmpty()) << note;
  }
}

TEST_F(Genbank, TakesFeaturesWhateverTheirIndentation) {
  const auto expect_same = [this](const std::string& text) {
    const auto records = records_of(text);
    ASSERT_EQ(records.size(), 1U);
    EXPECT_EQ(records[0].message, "") << text;
    EXPECT_EQ(records[0].organism, "Phage of nobody \"X\"") << text;
    EXPECT_THAT(records[0].translations, ElementsAre("MKVLAAQR*WY", "MM")) << text;
    EXPECT_EQ(records[0].coding_sequences, 3U) << text;
    EXPECT_THAT(told_, IsEmpty()) << text;
  };
  const std::string text = kEntry;
  const std::size_t begin = text.find("     source");
  const std::size_t end = text.find("ORIGIN");
  std::string features = text.substr(begin, end - begin);
  const auto changed = [&](const std::string& five, const std::string& rest) {
    std::string result;
    for (std::size_t at = 0; at < features.size();) {
      const std::size_t stop = features.find('\n', at) + 1;
      const bool is_key = features[at + 5] != ' ';
      result += (is_key ? five : rest) +
                features.substr(at + (is_key ? 5 : 21), stop - at - (is_key ? 5 : 21));
      at = stop;
    }
    return text.substr(0, begin) + result + text.substr(end);
  };
  expect_same(changed("     ", std::string(21, ' ')));
  expect_same(changed("  ", std::string(18, ' ')));
  expect_same(changed("", std::string(16, ' ')));
  expect_same(changed("\t", "\t\t"));
  expect_same(changed("        ", std::string(24, ' ')));
  expect_same(changed("     ", std::string(25, ' ')));
  // Keys that are moved, and one that is too long for its column.
  expect_same(with(text, "     CDS             order", "       CDS             order"));
  expect_same(
      with(text, "     gene            compl", "     a_feature_with_a_very_long_key compl"));
  // The location in the line below the key.
  expect_same(with(text, "     CDS             order", "     CDS\n                     order"));
}

TEST_F(Genbank, LeavesOutTranslationsWithOtherBytesAndSaysSo) {
  const auto records = records_of(with(kEntry, "aaQR*", "aa(R*"));
  EXPECT_THAT(records[0].translations, ElementsAre("MM"));
  EXPECT_EQ(records[0].problem, EntryProblem::kNone);
  EXPECT_THAT(told_, ElementsAre("line 22: a translation with other bytes than letters is left "
                                 "out; frames within it do not count (1 in the file, this is the "
                                 "first)"));
}

TEST_F(Genbank, TakesLineEndsOfOldMacsAndAByteOrderMark) {
  std::string mac = std::string("\xef\xbb\xbf") + kEntry;
  std::replace(mac.begin(), mac.end(), '\n', '\r');
  const auto records = records_of(mac);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].bases, records_of(kEntry)[0].bases);
  EXPECT_THAT(records[0].translations, ElementsAre("MKVLAAQR*WY", "MM"));
}

TEST_F(Genbank, IsToldFromOtherFormatsByContent) {
  folder_.write("genbank.fa", kEntry);
  folder_.write("fasta.gb", ">f1 x\nACGT\n>f2\nAC\n");
  folder_.write("blank.gb", std::string("\n \n\n") + kEntry);
  folder_.write("release.seq", std::string("GBTST1.SEQ  Genetic Sequence Data Bank\n\n") + kEntry);
  folder_.write("locus.fa", ">f3\nACGT\n>LOCUS\nACGT\n");
  const std::string packed = folder_.file("packed");
  const gzFile file = gzopen(packed.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  EXPECT_GT(gzputs(file, kEntry), 0);
  EXPECT_EQ(gzclose(file), Z_OK);
  GenomeReader reader(
      {folder_.file("genbank.fa"), folder_.file("fasta.gb"), packed, folder_.file("blank.gb"),
       folder_.file("release.seq"), folder_.file("locus.fa")},
      {});
  std::vector<std::string> seen;
  for (Genome genome; reader.next(genome);) {
    seen.push_back(std::to_string(genome.file) + genome.id +
                   (genome.is_annotated ? " annotated" : "") +
                   std::to_string(genome.translations.size()) + genome.organism);
  }
  EXPECT_THAT(seen, ElementsAre("0AB000001.2 annotated2Phage of nobody \"X\"", "1f10", "1f20",
                                "2AB000001.2 annotated2Phage of nobody \"X\"",
                                "3AB000001.2 annotated2Phage of nobody \"X\"",
                                "4AB000001.2 annotated2Phage of nobody \"X\"", "5f30", "5LOCUS0"));
}

}  // namespace
}  // namespace virnucpro
