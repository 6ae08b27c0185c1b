// Distributions of scores, by what is called virus and what is not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "plot/figure.h"

namespace virnucpro {

inline constexpr std::size_t kScoreBins = 20;

/// Counts of values from 0 to 1 in bins of equal width.
struct ScoreCounts {
  std::string name;  ///< of the horizontal axis
  std::array<std::uint64_t, kScoreBins> virus = {};
  std::array<std::uint64_t, kScoreBins> others = {};

  void add(double value, bool is_virus);
  std::uint64_t total() const;
};

/// One panel for each, side by side where they have room. `width` in points. A vertical axis is
/// logarithmic where its counts differ much, and says so.
Figure score_histogram(std::vector<ScoreCounts> panels, double width);

}  // namespace virnucpro
