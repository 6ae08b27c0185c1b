#include "jobs/embedding_difference.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace virnucpro {

EmbeddingDifference embedding_difference(std::span<const float> studied,
                                         std::span<const float> exact) {
  check(studied.size() == exact.size(), "embeddings of {} and {} values", studied.size(),
        exact.size());
  EmbeddingDifference result;
  double dot = 0.0;
  double studied_squares = 0.0;
  double exact_squares = 0.0;
  double magnitude = 0.0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double a = studied[i];
    const double b = exact[i];
    dot += a * b;
    studied_squares += a * a;
    exact_squares += b * b;
    magnitude = std::max(magnitude, std::abs(b));
    result.largest = std::max(result.largest, std::abs(a - b));
  }
  const double norms = std::sqrt(studied_squares) * std::sqrt(exact_squares);
  if (norms > 0.0) {
    // Rounding may carry parallel vectors beyond 1.
    result.cosine = std::clamp(dot / norms, -1.0, 1.0);
  } else {
    result.cosine = studied_squares == exact_squares ? 1.0 : 0.0;
  }
  if (magnitude > 0.0) {
    result.relative = result.largest / magnitude;
  } else {
    result.relative = result.largest > 0.0 ? HUGE_VAL : 0.0;
  }
  return result;
}

}  // namespace virnucpro
