// The three formats: what is in the files, and that texts are no markup.
#include "plot/figure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace virnucpro {
namespace {

using testing::HasSubstr;
using testing::Not;

Figure figure(const std::string& text) {
  return {144.0, 72.0, "A " + text, [text](Canvas& canvas) {
            canvas.fill({10.0, 10.0, 20.0, 30.0}, kVirusColour);
            canvas.outline({10.0, 10.0, 20.0, 30.0}, {});
            canvas.line({0.0, 0.0}, {144.0, 72.0}, {kBlack, 0.5, true});
            const Point points[] = {{1.0, 2.0}, {3.0, 4.5}};
            canvas.polyline(points, {});
            canvas.disc({100.0, 20.0}, 3.0, kOthersColour);
            canvas.text({40.0, 40.0}, text, {7.0, Anchor::kMiddle, kBlack, false});
            canvas.text({120.0, 60.0}, text, {7.0, Anchor::kEnd, kGrey, true});
          }};
}

std::uint32_t big_endian(const std::string& bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    number = number << 8 | static_cast<unsigned char>(bytes.at(at + i));
  }
  return number;
}

TEST(Figure, KnowsItsFormatByTheEndOfTheName) {
  EXPECT_EQ(figure_format_of("a/b.svg"), FigureFormat::kSvg);
  EXPECT_EQ(figure_format_of("b.png"), FigureFormat::kPng);
  EXPECT_EQ(figure_format_of("b.svg.pdf"), FigureFormat::kPdf);
  for (const char* name : {"", ".svg", "svg", "b.jpg", "b.svg ", "b"}) {
    EXPECT_FALSE(figure_format_of(name)) << name;
  }
}

TEST(Figure, AsSvgKeepsTextsAsTexts) {
  const std::string svg = rendered(figure("contig_7"), FigureFormat::kSvg);
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("width=\"50.80mm\" height=\"25.40mm\" viewBox=\"0 0 144.00 72.00\""));
  EXPECT_THAT(svg, HasSubstr("<title>A contig_7</title>"));
  EXPECT_THAT(svg, HasSubstr(">contig_7</text>"));
  EXPECT_THAT(svg, HasSubstr("rotate(-90 120.00 60.00)"));
  EXPECT_THAT(svg, HasSubstr("<rect x=\"10.00\" y=\"10.00\" width=\"20.00\" height=\"30.00\" "
                             "fill=\"#d55e00\"/>"));
  EXPECT_THAT(svg, HasSubstr("<polyline points=\"1.00,2.00 3.00,4.50\""));
  EXPECT_THAT(svg, HasSubstr("stroke-dasharray"));
  EXPECT_THAT(svg, Not(HasSubstr("href"))) << "nothing is fetched";
}

TEST(Figure, AsPngHasThreeHundredDotsAnInch) {
  const std::string png = rendered(figure("contig_7"), FigureFormat::kPng);
  ASSERT_TRUE(png.starts_with("\x89PNG\r\n\x1a\n"));
  EXPECT_EQ(big_endian(png, 16), 600u);
  EXPECT_EQ(big_endian(png, 20), 300u);
  EXPECT_NE(png, rendered(figure("contig_8"), FigureFormat::kPng)) << "letters are drawn";
}

TEST(Figure, AsPdfHasItsFontInTheFile) {
  const std::string pdf = rendered(figure("contig_7"), FigureFormat::kPdf);
  ASSERT_TRUE(pdf.starts_with("%PDF-1."));
  EXPECT_THAT(pdf, HasSubstr("/FontFile"));
  EXPECT_THAT(pdf, HasSubstr("+LiberationSans"));
  EXPECT_THAT(pdf, HasSubstr("/ToUnicode")) << "texts can be searched";
  EXPECT_THAT(pdf, HasSubstr("/MediaBox [ 0 0 144 72 ]"));
  EXPECT_THAT(pdf, Not(HasSubstr("/CreationDate")));
}

TEST(Figure, GivesTheSameBytesAgain) {
  for (const FigureFormat format : {FigureFormat::kSvg, FigureFormat::kPng, FigureFormat::kPdf}) {
    EXPECT_EQ(rendered(figure("x"), format), rendered(figure("x"), format));
  }
}

TEST(Figure, DrawsEveryShapeByItself) {
  // Shapes that do not touch, in two orders: neither knows of the one before.
  const auto line = [](Canvas& canvas) { canvas.line({5.0, 60.0}, {60.0, 60.0}, {}); };
  const auto text = [](Canvas& canvas) { canvas.text({70.0, 20.0}, "letters", {}); };
  const auto disc = [](Canvas& canvas) { canvas.disc({20.0, 20.0}, 5.0, kVirusColour); };
  const auto box = [](Canvas& canvas) { canvas.outline({100.0, 40.0, 20.0, 20.0}, {}); };
  const Figure one = {144.0, 72.0, "", [&](Canvas& canvas) {
                        line(canvas), text(canvas), disc(canvas), box(canvas);
                      }};
  const Figure other = {144.0, 72.0, "", [&](Canvas& canvas) {
                          text(canvas), line(canvas), box(canvas), disc(canvas);
                        }};
  EXPECT_EQ(rendered(one, FigureFormat::kPng), rendered(other, FigureFormat::kPng));
}

TEST(Figure, TakesTextForData) {
  const std::string svg =
      rendered(figure("<script>&\x1b\xff]]></text>\"'\uffff"), FigureFormat::kSvg);
  EXPECT_THAT(svg, HasSubstr(">&lt;script&gt;&amp;\\x1b\\xff]]&gt;&lt;/text&gt;\"'\\xef\\xbf\\xbf"
                             "</text>"));
  EXPECT_THAT(svg, HasSubstr("<title>A &lt;script&gt;"));
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
  for (const FigureFormat format : {FigureFormat::kPng, FigureFormat::kPdf}) {
    EXPECT_GT(rendered(figure("<script>&\x1b\xff病"), format).size(), 500u);
  }
}

}  // namespace
}  // namespace virnucpro
