#include "calls/regression.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace virnucpro {
namespace {

template <std::size_t kTerms>
using Matrix = std::array<std::array<double, kTerms>, kTerms>;

/// Far below what four decimals of a slope could show, far above the errors of rounding.
constexpr double kPlattRidge = 1e-8;
constexpr int kMostSteps = 200;
constexpr double kSmallStep = 1e-11;
/// Near the optimum, a step that is exact to its last digits changes the objective by this share.
constexpr double kRounding = 1e-14;

template <std::size_t kFeatures>
double linear(const ItemOf<kFeatures>& item, const CoefficientsOf<kFeatures>& b) {
  double sum = b[0];
  for (std::size_t i = 0; i < kFeatures; ++i) sum += b[i + 1] * item.x[i];
  return sum;
}

/// log(1 + exp(v)).
double softplus(double v) { return std::max(v, 0.0) + std::log1p(std::exp(-std::abs(v))); }

template <std::size_t kFeatures>
double objective(std::span<const ItemOf<kFeatures>> items, const CoefficientsOf<kFeatures>& b,
                 double ridge) {
  double squares = 0.0;
  for (std::size_t i = 1; i <= kFeatures; ++i) squares += b[i] * b[i];
  double sum = 0.5 * ridge * squares;
  for (const ItemOf<kFeatures>& item : items) {
    const double v = linear(item, b);
    sum += item.weight * softplus(item.is_virus ? -v : v);
  }
  return sum;
}

/// Solves by Gauss elimination with pivots; a row without a pivot gives 0.
template <std::size_t kTerms>
std::array<double, kTerms> solve(Matrix<kTerms> a, std::array<double, kTerms> y) {
  for (std::size_t column = 0; column < kTerms; ++column) {
    std::size_t pivot = column;
    for (std::size_t row = column + 1; row < kTerms; ++row) {
      if (std::abs(a[row][column]) > std::abs(a[pivot][column])) pivot = row;
    }
    std::swap(a[column], a[pivot]);
    std::swap(y[column], y[pivot]);
    if (a[column][column] == 0.0) continue;
    for (std::size_t row = column + 1; row < kTerms; ++row) {
      const double factor = a[row][column] / a[column][column];
      for (std::size_t k = column; k < kTerms; ++k) a[row][k] -= factor * a[column][k];
      y[row] -= factor * y[column];
    }
  }
  std::array<double, kTerms> result{};
  for (std::size_t i = kTerms; i-- > 0;) {
    double sum = y[i];
    for (std::size_t k = i + 1; k < kTerms; ++k) sum -= a[i][k] * result[k];
    result[i] = a[i][i] == 0.0 ? 0.0 : sum / a[i][i];
  }
  return result;
}

template <std::size_t kFeatures>
CoefficientsOf<kFeatures> newton_step(std::span<const ItemOf<kFeatures>> items,
                                      const CoefficientsOf<kFeatures>& b, double ridge) {
  constexpr std::size_t kTerms = kFeatures + 1;
  Matrix<kTerms> hessian{};
  CoefficientsOf<kFeatures> gradient{};
  for (std::size_t i = 1; i < kTerms; ++i) {
    gradient[i] = ridge * b[i];
    hessian[i][i] = ridge;
  }
  for (const ItemOf<kFeatures>& item : items) {
    const double p = probability_of(linear(item, b));
    CoefficientsOf<kFeatures> terms{};
    terms[0] = 1.0;
    std::copy(item.x.begin(), item.x.end(), terms.begin() + 1);
    const double error = item.weight * (p - (item.is_virus ? 1.0 : 0.0));
    const double curvature = item.weight * p * (1.0 - p);
    for (std::size_t i = 0; i < kTerms; ++i) {
      gradient[i] += error * terms[i];
      for (std::size_t k = 0; k < kTerms; ++k) hessian[i][k] += curvature * terms[i] * terms[k];
    }
  }
  return solve(hessian, gradient);
}

template <std::size_t kFeatures>
CoefficientsOf<kFeatures> fit(std::span<const ItemOf<kFeatures>> items, double ridge) {
  check(!items.empty() && ridge > 0.0, "a regression of {} items, ridge {}", items.size(), ridge);
  CoefficientsOf<kFeatures> b{};
  double value = objective(items, b, ridge);
  for (int step = 0; step < kMostSteps; ++step) {
    const CoefficientsOf<kFeatures> change = newton_step(items, b, ridge);
    double largest = 0.0;
    for (const double each : change) largest = std::max(largest, std::abs(each));
    double share = 1.0;
    for (; share > kSmallStep; share /= 2.0) {
      CoefficientsOf<kFeatures> next{};
      for (std::size_t i = 0; i < next.size(); ++i) next[i] = b[i] - share * change[i];
      const double found = objective(items, next, ridge);
      if (!(found <= value + kRounding * std::abs(value))) continue;
      b = next;
      value = found;
      break;
    }
    if (share <= kSmallStep || largest < kSmallStep) break;
  }
  return b;
}

}  // namespace

LogisticCoefficients fit_logistic(std::span<const LogisticItem> items, double ridge) {
  return fit<2>(items, ridge);
}

CoefficientsOf<4> fit_logistic(std::span<const ItemOf<4>> items, double ridge) {
  return fit<4>(items, ridge);
}

ScoreMap fit_platt(std::span<const WeightedTruth> items) {
  std::vector<LogisticItem> logits;
  logits.reserve(items.size());
  double viruses = 0.0;
  double all = 0.0;
  for (const WeightedTruth& item : items) {
    logits.push_back({{log_odds_of(item.x), 0.0}, item.is_virus, item.weight});
    viruses += item.is_virus ? item.weight : 0.0;
    all += item.weight;
  }
  const LogisticCoefficients b = fit_logistic(std::span<const LogisticItem>(logits), kPlattRidge);
  if (b[1] < 0.0) return {0.0, log_odds_of(viruses / all), {}};
  return {b[1], b[0], {}};
}

std::vector<Knot> fit_isotonic(std::span<const WeightedTruth> items) {
  std::vector<WeightedTruth> sorted(items.begin(), items.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const WeightedTruth& a, const WeightedTruth& b) { return a.x < b.x; });
  struct Block {
    double first;
    double last;
    double weight;
    double viruses;
    double mean() const { return viruses / weight; }
  };
  std::vector<Block> blocks;
  for (std::size_t i = 0; i < sorted.size();) {
    Block block = {sorted[i].x, sorted[i].x, 0.0, 0.0};
    for (; i < sorted.size() && sorted[i].x == block.first; ++i) {
      block.weight += sorted[i].weight;
      block.viruses += sorted[i].is_virus ? sorted[i].weight : 0.0;
    }
    // Blocks of equal means are one constant stretch, too.
    while (!blocks.empty() && blocks.back().mean() >= block.mean()) {
      block.first = blocks.back().first;
      block.weight += blocks.back().weight;
      block.viruses += blocks.back().viruses;
      blocks.pop_back();
    }
    blocks.push_back(block);
  }
  std::vector<Knot> knots;
  for (const Block& block : blocks) {
    knots.push_back({block.first, block.mean()});
    if (block.last > block.first) knots.push_back({block.last, block.mean()});
  }
  return knots;
}

std::vector<Knot> thinned(const std::vector<Knot>& knots) {
  if (knots.size() <= kMostKnots) return knots;
  std::vector<Knot> kept;
  for (std::size_t i = 0; i < kMostKnots; ++i) {
    kept.push_back(knots[i * (knots.size() - 1) / (kMostKnots - 1)]);
  }
  return kept;
}

}  // namespace virnucpro
