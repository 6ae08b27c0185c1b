// How texts begin: marks, encodings, ends of lines.
#include "base/text_begin.h"

#include <gtest/gtest.h>

#include <string>

namespace virnucpro {
namespace {

using namespace std::string_literals;

std::string encoding_of(const std::string& head) {
  const char* encoding = look_at_text(head).other_encoding;
  return encoding == nullptr ? "" : encoding;
}

TEST(TextBegin, KnowsByteOrderMarks) {
  EXPECT_EQ(look_at_text("\xef\xbb\xbfid").mark_bytes, 3U);
  EXPECT_EQ(look_at_text("id\xef\xbb\xbf").mark_bytes, 0U);
  EXPECT_EQ(look_at_text("\xef\xbb").mark_bytes, 0U);
  EXPECT_EQ(encoding_of("\xff\xfei\0"s), "UTF-16");
  EXPECT_EQ(encoding_of("\xfe\xff\0i"s), "UTF-16");
  EXPECT_EQ(encoding_of("\xff\xfe\0\0i\0\0\0"s), "UTF-32");
  EXPECT_EQ(encoding_of("\0\0\xfe\xff\0\0\0i"s), "UTF-32");
}

TEST(TextBegin, KnowsUtf16WithoutAMark) {
  EXPECT_EQ(encoding_of("i\0d\0"s), "UTF-16LE");
  EXPECT_EQ(encoding_of("\0i\0d"s), "UTF-16BE");
  EXPECT_EQ(encoding_of("i\0"s), "");
  EXPECT_EQ(encoding_of("i\0d\0\xe9\x01"s), "");  // cannot be told from data
  EXPECT_EQ(encoding_of("\1\0\2\0"s), "");        // small numbers
  EXPECT_EQ(encoding_of("id\tlabel\n"), "");
  EXPECT_EQ(encoding_of(""), "");
}

TEST(TextBegin, KnowsLinesThatEndInCarriageReturns) {
  EXPECT_TRUE(look_at_text("a\rb\r").ends_lines_with_cr);
  EXPECT_FALSE(look_at_text("a\rb\n").ends_lines_with_cr);
  EXPECT_FALSE(look_at_text("a\r\nb\r\n").ends_lines_with_cr);
  EXPECT_FALSE(look_at_text("a").ends_lines_with_cr);
}

TEST(TextBegin, MakesOneKindOfLineEndWhereverAPieceEnds) {
  const std::string text = "\r\na\rb\r\n\r\rc\n\r";
  const std::string right = "\na\nb\n\n\nc\n\n";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    LineEnds ends;
    std::string first = text.substr(0, cut);
    std::string second = text.substr(cut);
    first.resize(ends.unify(first.data(), first.size()));
    second.resize(ends.unify(second.data(), second.size()));
    EXPECT_EQ(first + second, right) << cut;
  }
}

TEST(TextBegin, GivesAWholeTextWithoutMarkAndReturns) {
  EXPECT_EQ(plain_text("\xef\xbb\xbfseed: 1\r\nthreads: 2\rquiet: true"),
            "seed: 1\nthreads: 2\nquiet: true");
}

}  // namespace
}  // namespace virnucpro
