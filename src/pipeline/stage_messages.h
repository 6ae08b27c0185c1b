// What the stages of a run hand to each other.
#pragma once

#include <cstdint>
#include <span>

#include "models/encoder_kind.h"
#include "pipeline/window.h"

namespace virnucpro {

/// Work of one worker: a batch of one lane of a window, or only the window's scores.
struct BatchTask {
  Window* window = nullptr;
  EncoderKind encoder = EncoderKind::kDnabertS;
  std::span<const std::uint32_t> members;  ///< of the lane's plan
  std::uint64_t number = 0;                ///< of the batch, for messages
  bool is_computed = false;                ///< only the scores of the window are missing
};

/// For the writer: a batch whose features are there, or a whole window.
struct Done {
  Window* window = nullptr;
  bool is_whole = false;
  BatchTask batch;
};

/// What Interrupted says when a run was asked to stop.
inline constexpr const char* kStoppedOnRequest = "stopped on request before the end";

}  // namespace virnucpro
