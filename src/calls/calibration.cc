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

namespace {

/// Linear between knots, constant outside of them.
double at_knots(const std::vector<Knot>& knots, double score) {
  const auto after =
      std::upper_bound(knots.begin(), knots.end(), score,
                       [](double value, const Knot& knot) { return value < knot.score; });
  if (after == knots.begin()) return knots.front().probability;
  if (after == knots.end()) return knots.back().probability;
  const Knot& before = *(after - 1);
  const double share = (score - before.score) / (after->score - before.score);
  return before.probability + share * (after->probability - before.probability);
}

/// The map of the class that holds `length`, else that of all.
template <typename Class, typename Map>
const Map& map_of(const std::vector<Class>& classes, const Map& all, std::uint64_t length) {
  check(!classes.empty() && classes.front().from == 0, "a calibration without a class from 0");
  const auto after =
      std::upper_bound(classes.begin(), classes.end(), length,
                       [](std::uint64_t value, const Class& each) { return value < each.from; });
  const Class& own = *(after - 1);
  return own.map ? *own.map : all;
}

}  // namespace

double ScoreMap::probability(double score) const {
  if (knots.empty()) return probability_of(slope * log_odds_of(score) + intercept);
  return at_knots(knots, score);
}

double RunMap::probability(double chunk_score, const ChunkReading& reading,
                           std::uint64_t unit) const {
  const double l = std::log(static_cast<double>(reading.read) / static_cast<double>(unit));
  const double slope = std::max(0.0, score + score_by_length * l);
  const double q = probability_of(intercept + slope * log_odds_of(chunk_score) + length * l +
                                  share * reading.share());
  return knots.empty() ? q : at_knots(knots, q);
}

double Calibration::chunk_probability(double score, const ChunkReading& reading) const {
  if (!reading.is_run) return map_of(classes, all, reading.length).probability(score);
  check(reading.read > 0 && reading.read <= reading.length, "a run of {} of {} bases", reading.read,
        reading.length);
  if (runs) {
    return map_of(runs->classes, runs->all, reading.length).probability(score, reading, runs->unit);
  }
  const double weighted = probability_of(reading.share() * log_odds_of(score));
  return map_of(classes, all, reading.length).probability(weighted);
}

void ContigEvidence::add(double chunk_probability, bool is_run) {
  Sum& sum = is_run ? runs_ : open_;
  sum.log_odds += log_odds_of(chunk_probability);
  ++sum.chunks;
}

std::array<double, 2> ContigEvidence::features(double gamma, double run_weight,
                                               std::uint64_t chunks) const {
  check(scored() > 0 && chunks >= scored(), "{} of {} chunks are scored", scored(), chunks);
  const auto open = static_cast<double>(open_.chunks);
  const double weight = open + run_weight * static_cast<double>(runs_.chunks);
  const double sum = open_.log_odds + run_weight * runs_.log_odds;
  return {sum / weight * std::pow(weight, gamma),
          std::log((open + 1.0) / (static_cast<double>(chunks) + 2.0))};
}

double ContigEvidence::log_odds(const ContigRule& rule, std::uint64_t chunks) const {
  const std::array<double, 2> x = features(rule.gamma, rule.run_weight, chunks);
  const double value = rule.intercept + rule.evidence * x[0] + rule.density * x[1];
  return std::clamp(value, -kMostLogOdds, kMostLogOdds);
}

}  // namespace virnucpro
