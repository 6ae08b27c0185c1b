// Charts over the unit square: where points lie, and how lines differ.
#include "plot/unit_chart.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/plot/recorded_canvas.h"

namespace virnucpro {
namespace {

using test::RecordedCanvas;

TEST(UnitChart, PutsTheUnitSquareIntoItsFrame) {
  const Chart chart = {
      "title", "across", "up", {{"line", {{0.0, 0.0}, {0.25, 1.0}, {1.0, 1.0}}}}, true};
  const RecordedCanvas canvas(unit_chart(chart, 243.0));
  ASSERT_EQ(canvas.polylines.size(), 1u);
  const std::vector<Point>& line = canvas.polylines[0];
  ASSERT_EQ(line.size(), 3u);
  const double side = 200.0;  // 243 points without the margins
  EXPECT_DOUBLE_EQ(line[1].x - line[0].x, 0.25 * side);
  EXPECT_DOUBLE_EQ(line[2].x - line[0].x, side);
  EXPECT_DOUBLE_EQ(line[0].y - line[1].y, side) << "upwards";
  for (const char* text : {"title", "across", "up", "line", "0.0", "0.6", "1.0"}) {
    EXPECT_TRUE(canvas.has_text(text)) << text;
  }
  EXPECT_TRUE(canvas.discs.empty());
  Chart other = chart;
  other.has_diagonal = false;
  other.series[0].has_markers = true;
  const RecordedCanvas marked(unit_chart(other, 243.0));
  EXPECT_EQ(marked.lines, canvas.lines - 1) << "the diagonal";
  EXPECT_EQ(marked.discs.size(), 3u);
}

TEST(UnitChart, TellsLinesApartByColourAndDash) {
  Chart chart = {"", "", "", {}, false};
  for (const char* name : {"a", "b", "c", "d"})
    chart.series.push_back({name, {{0.0, 1.0}, {1.0, 0.5}}});
  const std::string svg = rendered(unit_chart(chart, 243.0), FigureFormat::kSvg);
  for (const char* colour : {"#0072b2", "#d55e00", "#009e73", "#cc79a7"}) {
    EXPECT_THAT(svg, testing::HasSubstr(std::string("stroke=\"") + colour)) << colour;
  }
  EXPECT_THAT(svg, testing::HasSubstr("stroke-dasharray")) << "where lines lie on each other";
}

TEST(UnitChart, IsTidyAtEveryWidth) {
  for (const double width : test::widths()) {
    for (std::size_t series = 0; series <= 6; ++series) {
      Chart chart = {
          "Receiver operating characteristic", "false positive rate", "recall", {}, true};
      for (std::size_t i = 0; i < series; ++i) {
        chart.series.push_back({"fragments calibrated, AUROC 0.9876 " + std::string(20 * i, 'x'),
                                {{0.0, 0.0}, {1.0, 1.0}},
                                true});
      }
      // A marker in a corner of the square reaches over its edge by its radius.
      test::expect_tidy(unit_chart(chart, width), std::to_string(width));
    }
  }
}

}  // namespace
}  // namespace virnucpro
