// Which bytes are bases, and what a census of letters concludes.
#include "sequence/bases.h"

#include <gtest/gtest.h>

#include <string>

#include "sequence/record_source.h"

namespace virnucpro {
namespace {

TEST(Bases, SortEveryByte) {
  for (int value = 0; value < 256; ++value) {
    const char c = static_cast<char>(value);
    const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    const bool gap = c == '-' || c == '.' || c == '*';
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    std::string out;
    const CopiedBases copied = copy_bases(std::string("AC") + c + "G", out);
    EXPECT_EQ(copied.bad.has_value(), !letter && !gap && !blank) << value;
    EXPECT_EQ(copied.has_gaps, gap) << value;
    if (copied.bad) {
      EXPECT_EQ(copied.bad->position, 3U);
      EXPECT_EQ(copied.bad->byte, value);
    } else {
      EXPECT_EQ(out, blank ? std::string("ACG") : std::string("AC") + c + "G");
    }
  }
}

TEST(Bases, CountPositionsWithoutWhiteSpace) {
  std::string out;
  EXPECT_EQ(copy_bases("A C\tG9", out).bad->position, 4U);
}

TEST(LetterCensus, TakesDirtyNucleotidesForNucleotides) {
  EXPECT_FALSE(take_census(std::string(500, 'N')).looks_like_protein());
  EXPECT_FALSE(take_census(std::string(500, 'x')).looks_like_protein());
  EXPECT_FALSE(take_census("ACGTUACGRYSWKMBDHVNacgtuacgryswkmbdhvn").looks_like_protein());
}

TEST(LetterCensus, TakesProteinForProteinInEitherCase) {
  EXPECT_TRUE(take_census("MKTAYIAKQRQISFVKSHFSRQ").looks_like_protein());
  EXPECT_TRUE(take_census("mktayiakqrqisfvkshfsrq").looks_like_protein());
}

TEST(LetterCensus, TakesUracilWithoutThymineForRna) {
  EXPECT_TRUE(take_census("ACGU").looks_like_rna());
  EXPECT_FALSE(take_census("ACGUT").looks_like_rna());
  EXPECT_FALSE(take_census("ACG").looks_like_rna());
}

TEST(RecordPlace, ShortensAndCleansNames) {
  EXPECT_EQ(record_place("f", 1, "a\x01", 0), "f: record 1 ('a?')");
  EXPECT_EQ(record_place("f", 2, std::string(200, 'x'), 7),
            "f: record 2 ('" + std::string(60, 'x') + "...', line 7)");
}

}  // namespace
}  // namespace virnucpro
