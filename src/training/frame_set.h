// Embedded frames whose class is known: what a classifier is fitted to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace virnucpro {

/// What a frame is, and where it comes from.
struct FrameTruth {
  std::uint64_t chunk = 0;   ///< equal for frames of one chunk, which follow each other
  std::uint32_t group = 0;   ///< such as a family; all of one class
  std::uint32_t source = 0;  ///< the genome
  bool is_virus = false;
};

/// All in memory: 4 bytes a value, so frames x (width of DNABERT-S + width of ESM-2) x 4.
struct FrameSet {
  std::size_t width = 0;
  std::vector<float> features;  ///< [frames, width], DNABERT-S before ESM-2
  std::vector<FrameTruth> truth;

  std::size_t size() const { return truth.size(); }
  std::span<const float> row(std::size_t frame) const {
    return std::span(features).subspan(frame * width, width);
  }
};

}  // namespace virnucpro
