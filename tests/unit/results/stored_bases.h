// Bases with the open frames that rows written by hand name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sequence/frames.h"
#include "sequence/packed_bases.h"

namespace virnucpro {

/// The first `count` frames.
inline FrameMask first_frames(std::size_t count) {
  FrameMask frames;
  for (std::size_t i = 0; i < count; ++i) frames.insert(static_cast<Frame>(i));
  return frames;
}

/// `length` bases, at least 100, in which just these frames are open: C, and in every other frame
/// one stop that is none elsewhere.
inline std::string bases_open_in(FrameMask open, std::size_t length) {
  std::string bases(length, 'C');
  for (std::size_t i = 0; i < kFrameCount; ++i) {
    if (open.contains(static_cast<Frame>(i))) continue;
    const bool is_forward = i < 3;
    const std::size_t at = 12 * (i + 1) + (is_forward ? i : length - 3 - (i - 3)) % 3;
    bases.replace(at - 1, 5, is_forward ? "GTAAC" : "GTTAC");
  }
  return bases;
}

inline std::vector<std::byte> packed(std::string_view bases) {
  std::vector<std::byte> bytes;
  pack_bases(bases, bytes);
  return bytes;
}

}  // namespace virnucpro
