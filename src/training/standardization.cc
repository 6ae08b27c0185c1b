#include "training/standardization.h"

#include <cmath>

#include "base/check.h"

namespace virnucpro {
namespace {

/// A spread below this part of the mean is float32 rounding, not variation.
constexpr double kSmallestSpread = 1e-6;

}  // namespace

void Standardization::apply(std::span<const float> row, std::span<float> standardized) const {
  for (std::size_t i = 0; i < row.size(); ++i) {
    standardized[i] = static_cast<float>((double{row[i]} - mean[i]) * scale[i]);
  }
}

Standardization standardization_of(const FrameSet& frames, std::span<const std::size_t> indices) {
  check(!indices.empty(), "a standardization of no frames");
  const auto count = static_cast<double>(indices.size());
  Standardization result{std::vector<double>(frames.width), std::vector<double>(frames.width)};
  for (const std::size_t index : indices) {
    const std::span<const float> row = frames.row(index);
    for (std::size_t i = 0; i < row.size(); ++i) result.mean[i] += double{row[i]};
  }
  for (double& mean : result.mean) mean /= count;
  // The second pass keeps a small spread beside a large mean exact.
  for (const std::size_t index : indices) {
    const std::span<const float> row = frames.row(index);
    for (std::size_t i = 0; i < row.size(); ++i) {
      const double difference = double{row[i]} - result.mean[i];
      result.scale[i] += difference * difference;
    }
  }
  for (std::size_t i = 0; i < frames.width; ++i) {
    const double spread = std::sqrt(result.scale[i] / count);
    result.scale[i] = spread > kSmallestSpread * std::abs(result.mean[i]) ? 1.0 / spread : 1.0;
  }
  return result;
}

}  // namespace virnucpro
