#include "report/curve_rates.h"

#include <cstddef>
#include <cstdint>

namespace virnucpro {
namespace {

constexpr double kCurveSteps = 1000.0;

double share(std::uint64_t part, std::uint64_t whole) {
  return static_cast<double>(part) / static_cast<double>(whole);  // NaN for 0 / 0
}

}  // namespace

std::vector<CurveRates> thinned_curve(const Evaluation& evaluation) {
  std::vector<CurveRates> curve;
  for (std::size_t i = 0; i < evaluation.curve.size(); ++i) {
    const CurvePoint& point = evaluation.curve[i];
    const CurveRates rates = {point.score, share(point.false_virus, evaluation.all.others),
                              share(point.true_virus, evaluation.all.viruses),
                              share(point.true_virus, point.true_virus + point.false_virus)};
    const bool is_near =
        !curve.empty() &&
        rates.false_positive_rate - curve.back().false_positive_rate < 1.0 / kCurveSteps &&
        rates.recall - curve.back().recall < 1.0 / kCurveSteps;
    if (!is_near || i + 1 == evaluation.curve.size()) curve.push_back(rates);
  }
  return curve;
}

}  // namespace virnucpro
