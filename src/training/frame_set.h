// Embedded frames whose class is known: the data that a classifier is fitted to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace virnucpro {

/// The class of a frame, and its origin.
struct FrameTruth {
  std::uint64_t chunk = 0;   ///< equal for frames of one chunk, which follow each other
  std::uint32_t group = 0;   ///< such as a family; all of one class
  std::uint32_t source = 0;  ///< the genome
  bool is_virus = false;
};

/// All of it is in memory: frames x (width of DNABERT-S + width of ESM-2) x 4 bytes.
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
