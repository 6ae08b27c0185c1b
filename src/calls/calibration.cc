#include "calls/calibration.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace virnucpro {

double log_odds_of(double probability) {
  const double p = std::clamp(probability, kLeastScore, 1.0 - kLeastScore);
  return std::log(p) - std::log1p(-p);
}

double probability_of(double log_odds) {
  // Two forms, so that exp() does not overflow and small values lose no digits.
  if (log_odds >= 0.0) return 1.0 / (1.0 + std::exp(-log_odds));
  const double odds = std::exp(log_odds);
  return odds / (1.0 + odds);
}

std::string_view name_of(CalibrationMethod method) {
  return method == CalibrationMethod::kPlatt ? "platt" : "isotonic";
}

double ScoreMap::probability(double score) const {
  if (knots.empty()) return probability_of(slope * log_odds_of(score) + intercept);
  const auto after =
      std::upper_bound(knots.begin(), knots.end(), score,
                       [](double value, const Knot& knot) { return value < knot.score; });
  if (after == knots.begin()) return knots.front().probability;
  if (after == knots.end()) return knots.back().probability;
  const Knot& before = *(after - 1);
  const double share = (score - before.score) / (after->score - before.score);
  return before.probability + share * (after->probability - before.probability);
}

double Calibration::chunk_probability(double score, std::uint64_t length) const {
  check(!classes.empty() && classes.front().from == 0, "a calibration without a class from 0");
  const auto after = std::upper_bound(
      classes.begin(), classes.end(), length,
      [](std::uint64_t value, const LengthClass& each) { return value < each.from; });
  const LengthClass& own = *(after - 1);
  return (own.map ? *own.map : all).probability(score);
}

void ContigEvidence::add(double chunk_probability) {
  sum_ += log_odds_of(chunk_probability);
  ++scored_;
}

std::array<double, 2> ContigEvidence::features(double gamma, std::uint64_t chunks) const {
  check(scored_ > 0 && chunks >= scored_, "{} of {} chunks are scored", scored_, chunks);
  const auto n = static_cast<double>(scored_);
  return {sum_ / n * std::pow(n, gamma), std::log((n + 1.0) / (static_cast<double>(chunks) + 2.0))};
}

double ContigEvidence::log_odds(const ContigRule& rule, std::uint64_t chunks) const {
  const std::array<double, 2> x = features(rule.gamma, chunks);
  const double value = rule.intercept + rule.evidence * x[0] + rule.density * x[1];
  return std::clamp(value, -kMostLogOdds, kMostLogOdds);
}

}  // namespace virnucpro
