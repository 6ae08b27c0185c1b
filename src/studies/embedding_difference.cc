#include "studies/embedding_difference.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace virnucpro {

EmbeddingDifference embedding_difference(std::span<const float> studied,
                                         std::span<const float> exact,
                                         std::span<const double> centre) {
  check(studied.size() == exact.size() && centre.size() == exact.size(),
        "embeddings of {} and {} values, centred on {}", studied.size(), exact.size(),
        centre.size());
  EmbeddingDifference result;
  double dot = 0.0;
  double studied_squares = 0.0;
  double exact_squares = 0.0;
  double magnitude = 0.0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const double a = studied[i];
    const double b = exact[i];
    dot += (a - centre[i]) * (b - centre[i]);
    studied_squares += (a - centre[i]) * (a - centre[i]);
    exact_squares += (b - centre[i]) * (b - centre[i]);
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

void EmbeddingMean::add(std::span<const float> embedding) {
  check(embedding.size() == sums_.size(), "a mean of {} values, an embedding of {}", sums_.size(),
        embedding.size());
  if (!std::ranges::all_of(embedding, [](float value) { return std::isfinite(value); })) return;
  for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += embedding[i];
  ++count_;
}

std::vector<double> EmbeddingMean::mean() const {
  std::vector<double> mean = sums_;
  for (double& value : mean) value /= static_cast<double>(std::max<std::uint64_t>(count_, 1));
  return mean;
}

}  // namespace virnucpro
