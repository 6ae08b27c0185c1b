#include "devices/precision_advice.h"

#include <algorithm>

#include "base/format.h"

namespace virnucpro {
namespace {

// Below this factor the time saved is not worth a look at accuracy.
constexpr double kMuchFaster = 1.5;

}  // namespace

std::string precision_advice(std::span<const PrecisionCost> costs, Precision current) {
  const auto own = std::ranges::find(costs, current, &PrecisionCost::precision);
  if (own == costs.end()) return "";
  std::string faster;
  for (const PrecisionCost& cost : costs) {
    const double speed = cost.expected_speed / own->expected_speed;
    if (speed < kMuchFaster) continue;
    faster +=
        fmt::format("{}{} about {:.1f} times as fast (worst cosine {})", faster.empty() ? "" : ", ",
                    name_of(cost.precision), speed, worst_cosine(cost.precision));
  }
  if (faster.empty()) return "";
  return fmt::format("expected on this device beside {} (worst cosine {}): {}; see --precision",
                     name_of(current), worst_cosine(current), faster);
}

}  // namespace virnucpro
