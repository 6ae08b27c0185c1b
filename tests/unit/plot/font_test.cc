// The embedded font: widths, and texts that hold anything.
#include "plot/font.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace virnucpro {
namespace {

TEST(Font, HasTheWidthsOfArial) {
  const Font font;
  // Of 2048 units, as every font has them that takes Arial's place: 1139 a digit, 1366 an A.
  EXPECT_NEAR(font.width("0123456789", 7.0), 10 * 7.0 * 1139 / 2048, 1e-9);
  EXPECT_NEAR(font.width("AA", 2048.0), 2 * 1366, 1e-9);
  EXPECT_EQ(font.width("", 7.0), 0.0);
}

TEST(Font, DrawsLettersAndEscapesTheRest) {
  const Font font;
  EXPECT_EQ(font.drawable("contig_1|é β ≥ – …<b>"), "contig_1|é β ≥ – …<b>");
  EXPECT_EQ(font.drawable(std::string("a\tb\0c\x7f", 6)), "a\\x09b\\x00c\\x7f");
  EXPECT_EQ(font.drawable("\xff\xc3"), "\\xff\\xc3") << "no UTF-8";
  EXPECT_EQ(font.drawable("病"), "\\xe7\\x97\\x85") << "no glyph";
  EXPECT_EQ(font.drawable("a\u202eb\u200bc\ufeffd"),
            "a\\xe2\\x80\\xaeb\\xe2\\x80\\x8bc\\xef\\xbb\\xbfd")
      << "marks that change what is read";
  EXPECT_EQ(font.drawable("\uffff"), "\\xef\\xbf\\xbf") << "XML has no such character";
}

TEST(Font, ShortensAtTheMiddleToWhatFits) {
  const Font font;
  EXPECT_EQ(font.fitted("contig", 7.0, 100.0), "contig");
  const std::string id = "NODE_1_length_123456_cov_12.345_" + std::string(80, 'x') + "_end";
  for (const double room : {20.0, 60.0, 100.0, 200.0}) {
    const std::string fitted = font.fitted(id, 7.0, room);
    EXPECT_LE(font.width(fitted, 7.0), room);
    EXPECT_GT(font.width(fitted, 7.0), room - 12.0) << "no room is left unused";
    EXPECT_TRUE(fitted.starts_with("N")) << fitted;
    EXPECT_THAT(fitted, testing::HasSubstr("…"));
    EXPECT_TRUE(fitted.ends_with("d")) << fitted;
  }
  EXPECT_EQ(font.fitted("contig", 7.0, 0.0), "…");
  EXPECT_EQ(font.fitted("ééééé", 7.0, font.width("é…é", 7.0) + 0.1), "é…é") << "whole letters";
}

TEST(Font, ShortensTextsOfMegabytes) {
  const std::string fitted = Font().fitted(std::string(4'000'000, 'i'), 7.0, 1e9);
  EXPECT_LT(fitted.size(), 600u) << "nobody reads more";
  EXPECT_GT(fitted.size(), 400u);
}

}  // namespace
}  // namespace virnucpro
