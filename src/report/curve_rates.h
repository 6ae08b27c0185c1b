// The points of the ROC and precision-recall curves that tables and charts have.
#pragma once

#include <vector>

#include "evaluation/evaluation.h"

namespace virnucpro {

/// A point of both curves.
struct CurveRates {
  double score = 0.0;
  double false_positive_rate = 0.0;
  double recall = 0.0;
  double precision = 0.0;
};

/// Only the points that are a thousandth away from the one before, and the last point.
std::vector<CurveRates> thinned_curve(const Evaluation& evaluation);

}  // namespace virnucpro
