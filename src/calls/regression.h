// The two regressions behind a calibration, both weighted.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "calls/calibration.h"

namespace virnucpro {

/// One thing to learn from.
struct WeightedTruth {
  double x = 0.0;
  bool is_virus = false;
  double weight = 1.0;
};

/// Two features, and a constant one.
using LogisticCoefficients = std::array<double, 3>;  // of 1, x[0], x[1]

struct LogisticItem {
  std::array<double, 2> x{};
  bool is_virus = false;
  double weight = 1.0;
};

/// Maximum likelihood with 0.5 * ridge * b^2 for each coefficient but the constant, by Newton's
/// method with halved steps. `ridge` is above 0, so that there is one optimum even where a feature
/// is constant or tells all items apart. ContractError for no items.
LogisticCoefficients fit_logistic(std::span<const LogisticItem> items, double ridge);

/// The Platt map of scores (`x`): slope and intercept over logit(x). A slope below 0, which says
/// that the scores tell nothing, becomes the best constant.
ScoreMap fit_platt(std::span<const WeightedTruth> items);

/// Weighted least squares among functions that never fall (pool adjacent violators): the first and
/// the last score of every level stretch. Equal scores count as one item of their mean.
std::vector<Knot> fit_isotonic(std::span<const WeightedTruth> items);

/// At most kMostKnots of them, the first and the last among them.
std::vector<Knot> thinned(const std::vector<Knot>& knots);

}  // namespace virnucpro
