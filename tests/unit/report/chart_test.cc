// Charts: where points lie, and texts that are no markup.
#include "report/chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace virnucpro {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Chart, PutsTheUnitSquareIntoItsFrame) {
  Chart chart{"title", "across", "up", {{"line", {{0.0, 0.0}, {0.25, 1.0}, {1.0, 1.0}}}}, true};
  const std::string svg = chart_svg(chart);
  EXPECT_TRUE(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" "));
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_THAT(svg, HasSubstr("<rect x=\"70.00\" y=\"50.00\" width=\"400.00\" height=\"400.00\""));
  EXPECT_THAT(svg, HasSubstr("points=\"70.00,450.00 170.00,50.00 470.00,50.00\""));
  EXPECT_THAT(svg, HasSubstr("stroke-dasharray"));
  EXPECT_THAT(svg, Not(HasSubstr("<circle")));
  for (const char* text : {">title<", ">across<", ">up<", ">line<"}) {
    EXPECT_THAT(svg, HasSubstr(text));
  }
  EXPECT_EQ(chart_svg(chart), svg);
  chart.has_diagonal = false;
  chart.series[0].has_markers = true;
  const std::string other = chart_svg(chart);
  EXPECT_THAT(other, Not(HasSubstr("stroke-dasharray")));
  EXPECT_THAT(other, HasSubstr("<circle cx=\"170.00\" cy=\"50.00\""));
}

TEST(Chart, GivesEachSeriesItsOwnColour) {
  const Chart chart{"", "", "", {{"a", {{0.0, 1.0}}}, {"b", {{1.0, 0.0}}}}, false};
  const std::string svg = chart_svg(chart);
  EXPECT_THAT(svg, HasSubstr("stroke=\"#0072b2\""));
  EXPECT_THAT(svg, HasSubstr("stroke=\"#d55e00\""));
}

TEST(Chart, TakesTextForData) {
  const std::string svg = chart_svg({"<script>&\x1b\xff", "]]>", "\"'", {{"a</text>", {}}}, false});
  EXPECT_THAT(svg, HasSubstr("&lt;script&gt;&amp;\\x1b\\xff"));
  EXPECT_THAT(svg, HasSubstr(">a&lt;/text&gt;</text>"));
  EXPECT_THAT(svg, Not(HasSubstr("<script")));
}

}  // namespace
}  // namespace virnucpro
