// Brings each feature to mean 0 and standard deviation 1.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "training/frame_set.h"

namespace virnucpro {

/// What standardises a feature: (value - mean) * scale. Sizes are the width of the frames.
struct Standardization {
  std::vector<double> mean;
  std::vector<double> scale;

  /// `row` and `standardized` have the frames' width.
  void apply(std::span<const float> row, std::span<float> standardized) const;
};

/// Computed from the frames with these indices, of which there is at least one. A feature that does
/// not vary keeps its scale.
Standardization standardization_of(const FrameSet& frames, std::span<const std::size_t> indices);

}  // namespace virnucpro
