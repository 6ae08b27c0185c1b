#include "report/cosine_quantiles.h"

#include <algorithm>
#include <cmath>

namespace virnucpro {
namespace {

constexpr double kLeast = 1e-12;  // below the rounding of a cosine that is computed in double
constexpr double kMost = 2.0;
constexpr double kStep = 1.02;

std::size_t bin_of(double distance) {
  const double bounded = std::clamp(distance, kLeast, kMost);
  return static_cast<std::size_t>(std::log(bounded / kLeast) / std::log(kStep));
}

}  // namespace

CosineQuantiles::CosineQuantiles() : counts_(bin_of(kMost) + 1) {}

void CosineQuantiles::add(double cosine) {
  ++counts_[bin_of(1.0 - cosine)];
  ++count_;
}

double CosineQuantiles::quantile(double share) const {
  // The lowest cosines are the greatest distances.
  const double wanted = std::max(share * static_cast<double>(count_), 1.0);
  double seen = 0.0;
  for (std::size_t bin = counts_.size(); bin-- > 0 && count_ > 0;) {
    seen += static_cast<double>(counts_[bin]);
    if (seen < wanted) continue;
    const double middle = kLeast * std::pow(kStep, static_cast<double>(bin) + 0.5);
    return bin == 0 ? 1.0 : 1.0 - std::min(middle, kMost);
  }
  return 1.0;
}

}  // namespace virnucpro
