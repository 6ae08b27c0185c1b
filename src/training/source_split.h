// Decides which frames a classifier is fitted to, and which ones validate it meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "training/frame_set.h"

namespace virnucpro {

/// Indices of frames, rising. No source is on both sides.
struct FrameSplit {
  std::vector<std::size_t> training;
  std::vector<std::size_t> validation;
  std::uint32_t training_sources = 0;
  std::uint32_t validation_sources = 0;
  /// Groups with a single source, which is used for training; rising.
  std::vector<std::uint32_t> undivided_groups;
};

/// Draws `share` (0 to below 1) of the sources of each group for validation: rounded, but at least
/// one and never all; none for 0. A source belongs to the group of its first frame. The same
/// truths, share and seed give the same split.
FrameSplit split_by_source(std::span<const FrameTruth> truth, double share, std::uint64_t seed);

}  // namespace virnucpro
