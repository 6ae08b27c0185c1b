// The two regressions behind a calibration, both weighted.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "calls/calibration.h"

namespace virnucpro {

/// An item to learn from.
struct WeightedTruth {
  double x = 0.0;
  bool is_virus = false;
  double weight = 1.0;
};

/// Coefficients of a constant and of the features: of 1, x[0], x[1] ...
template <std::size_t kFeatures>
using CoefficientsOf = std::array<double, kFeatures + 1>;
using LogisticCoefficients = CoefficientsOf<2>;

template <std::size_t kFeatures>
struct ItemOf {
  std::array<double, kFeatures> x{};
  bool is_virus = false;
  double weight = 1.0;
};
using LogisticItem = ItemOf<2>;

/// Maximum likelihood with a penalty of 0.5 * ridge * b^2 for each coefficient except the constant,
/// by Newton's method with halved steps. `ridge` is above 0, so that there is one optimum even
/// where a feature is constant or separates all items. ContractError for no items.
LogisticCoefficients fit_logistic(std::span<const LogisticItem> items, double ridge);
/// The same for the four features of a run.
CoefficientsOf<4> fit_logistic(std::span<const ItemOf<4>> items, double ridge);

/// The Platt map of scores (`x`): slope and intercept over logit(x). A slope below 0 means that the
/// scores carry no information, and is replaced by the best constant.
ScoreMap fit_platt(std::span<const WeightedTruth> items);

/// Weighted least squares among functions that never fall (pool adjacent violators). Gives the
/// first and last score of every constant stretch. Equal scores count as one item with their mean.
std::vector<Knot> fit_isotonic(std::span<const WeightedTruth> items);

/// At most kMostKnots of the knots, always with the first and the last.
std::vector<Knot> thinned(const std::vector<Knot>& knots);

}  // namespace virnucpro
