// The exact gelu in double.
#pragma once

#include <cmath>
#include <numbers>

namespace virnucpro {

/// v * Phi(v), written with erfc so that the left tail keeps its relative accuracy.
inline double exact_gelu(double v) { return 0.5 * v * std::erfc(-v / std::numbers::sqrt2); }

}  // namespace virnucpro
