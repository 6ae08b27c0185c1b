// Frames of two classes that are far apart, for tests of training.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/random.h"
#include "training/frame_set.h"

namespace virnucpro::test {

/// About normal with standard deviation 1.
inline double normal(Random& random) {
  double sum = -6.0;
  for (int i = 0; i < 12; ++i) sum += random.uniform();
  return sum;
}

struct ToyPlan {
  std::size_t sources = 40;  ///< two of five are viruses
  std::size_t frames_of_source = 10;
  std::size_t width = 6;
  double distance = 1.5;  ///< of the classes, in each feature
  std::uint64_t seed = 3;
};

/// Groups 0 and 1 are viruses, 2 to 4 others. Features have means and spreads far from 0 and 1.
inline FrameSet toy_frames(const ToyPlan& plan) {
  Random random(plan.seed);
  FrameSet frames;
  frames.width = plan.width;
  std::uint64_t chunk = 0;
  for (std::uint32_t source = 0; source < plan.sources; ++source) {
    const std::uint32_t group = source % 5;
    for (std::size_t i = 0; i < plan.frames_of_source; ++i) {
      if (i % 3 != 1) ++chunk;  // every third chunk has two frames
      frames.truth.push_back({chunk, group, source, group < 2});
      for (std::size_t column = 0; column < plan.width; ++column) {
        const double value = normal(random) + (group < 2 ? plan.distance : 0.0);
        frames.features.push_back(static_cast<float>(50.0 * static_cast<double>(column) +
                                                     value * static_cast<double>(column + 1)));
      }
    }
  }
  return frames;
}

}  // namespace virnucpro::test
