// Line charts over the unit square, as SVG.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace virnucpro {

struct ChartSeries {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< x, y, each 0 to 1; drawn in this order
  bool has_markers = false;
};

struct Chart {
  std::string title;
  std::string x_label;
  std::string y_label;
  std::vector<ChartSeries> series;
  bool has_diagonal = false;  ///< what chance, or a perfect calibration, would give
};

/// A whole SVG document. Texts may hold anything; text is left to the viewer's fonts. The same
/// chart gives the same bytes.
std::string chart_svg(const Chart& chart);

}  // namespace virnucpro
