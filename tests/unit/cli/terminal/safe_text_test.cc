// Text from outside on its way to a terminal.
#include "cli/terminal/safe_text.h"

#include <gtest/gtest.h>

#include <string>

namespace virnucpro::cli {
namespace {

TEST(EscapeControls, KeepsPrintableTextOfAnyLanguage) {
  EXPECT_EQ(escape_controls("contig_9 length=3 a\\b"), "contig_9 length=3 a\\b");
  EXPECT_EQ(escape_controls("vir\xc3\xbcs \xe7\x97\x85 \xf0\x9f\xa6\xa0"),
            "vir\xc3\xbcs \xe7\x97\x85 \xf0\x9f\xa6\xa0");
  EXPECT_EQ(escape_controls(""), "");
}

TEST(EscapeControls, DisarmsControlCharacters) {
  EXPECT_EQ(escape_controls("\x1b[2Jx\a\x7f"), "\\x1b[2Jx\\x07\\x7f");
  EXPECT_EQ(escape_controls("a\tb\r\nc"), "a\\tb\\r\\nc");
  EXPECT_EQ(escape_controls(std::string("a\0b", 3)), "a\\x00b");
}

TEST(EscapeControls, DisarmsControlsBeyondAscii) {
  EXPECT_EQ(escape_controls("\xc2\x9b"
                            "31m"),
            "\\u{009b}31m");
  EXPECT_EQ(escape_controls("a\xe2\x80\xae"
                            "b"),
            "a\\u{202e}b");
  EXPECT_EQ(escape_controls("\xe2\x80\xa8\xe2\x81\xa6"), "\\u{2028}\\u{2066}");
}

TEST(EscapeControls, SpellsBytesThatAreNoUtf8) {
  EXPECT_EQ(escape_controls("\xff\xc3(\x80"), "\\xff\\xc3(\\x80");
  EXPECT_EQ(escape_controls("\xe7\x97"), "\\xe7\\x97");                    // cut
  EXPECT_EQ(escape_controls("\xc0\x9b"), "\\xc0\\x9b");                    // ESC, overlong
  EXPECT_EQ(escape_controls("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(escape_controls("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
}

TEST(JsonString, QuotesQuotesAndBackslashes) {
  EXPECT_EQ(json_string("say \"a\\b\"\n"), R"("say \"a\\b\"\\n")");
}

}  // namespace
}  // namespace virnucpro::cli
