// Line charts over the unit square: ROC, precision and recall, calibration.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "plot/figure.h"

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

/// `width` in points, as Figure has it. The legend stands below the square, a row a series.
Figure unit_chart(Chart chart, double width);

}  // namespace virnucpro
