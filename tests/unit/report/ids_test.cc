// Ids are data: escaped where they could break a table, told apart where they repeat.
#include <gtest/gtest.h>

#include <string>

#include "base/escape.h"
#include "report/unique_ids.h"

namespace virnucpro {
namespace {

using namespace std::string_literals;

TEST(Escape, KeepsOrdinaryTextAndUtf8) {
  EXPECT_EQ(escaped("NC_001416.1|phage <b>\"λ\"</b> ../x, 🧬"),
            "NC_001416.1|phage <b>\"λ\"</b> ../x, 🧬");
  EXPECT_EQ(escaped(""), "");
}

TEST(Escape, MakesControlBytesVisible) {
  EXPECT_EQ(escaped("a\tb\nc\rd\0e\x1b[31m\x7f"s), "a\\x09b\\x0ac\\x0dd\\x00e\\x1b[31m\\x7f");
}

TEST(Escape, MakesBytesThatAreNoUtf8Visible) {
  EXPECT_EQ(escaped("\xff"), "\\xff");
  EXPECT_EQ(escaped("caf\xe9"), "caf\\xe9");
  EXPECT_EQ(escaped("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(escaped("\xe2\x82"), "\\xe2\\x82");  // cut short
}

TEST(Escape, KeepsABackslashAndWhatIsEscapedAlready) {
  EXPECT_EQ(escaped("a\\b"), "a\\b");
  EXPECT_EQ(escaped(escaped("a\t\xff\\\"")), "a\\x09\\xff\\\"");
}

TEST(UniqueIds, GivesTheFirstItsNameAndNumbersTheOthers) {
  UniqueIds ids;
  EXPECT_EQ(ids.assign("a"), "a");
  EXPECT_EQ(ids.assign("b"), "b");
  EXPECT_EQ(ids.assign("a"), "a_1");
  EXPECT_EQ(ids.assign("a"), "a_2");
  EXPECT_EQ(ids.assign(""), "");
  EXPECT_EQ(ids.assign(""), "_1");
  EXPECT_EQ(ids.renamed(), 3u);
}

TEST(UniqueIds, NeverGivesANameThatIsInUse) {
  UniqueIds ids;
  EXPECT_EQ(ids.assign("a"), "a");
  EXPECT_EQ(ids.assign("a_1"), "a_1");
  EXPECT_EQ(ids.assign("a"), "a_2");
  EXPECT_EQ(ids.assign("a_2"), "a_2_1");
  EXPECT_EQ(ids.assign("a_1"), "a_1_1");
}

TEST(UniqueIds, TellsAMillionNamesApart) {
  UniqueIds ids;
  for (int i = 0; i < 1'000'000; ++i) ids.assign("read." + std::to_string(i) + "/1");
  EXPECT_EQ(ids.renamed(), 0u);
  for (int i = 0; i < 1000; ++i) ids.assign("read.7/1");
  EXPECT_EQ(ids.renamed(), 1000u);
  EXPECT_EQ(ids.assign("read.7/1"), "read.7/1_1001");
}

}  // namespace
}  // namespace virnucpro
