// Reports how far a run is.
#pragma once

#include <cstdint>

#include "models/encoder_kind.h"

namespace virnucpro {

/// One encoder's share of the work.
struct EncoderProgress {
  std::uint64_t tokens_planned = 0;   ///< of the windows that were prepared
  std::uint64_t tokens_computed = 0;  ///< of these
  double seconds = 0.0;               ///< for the latter, of all workers together
};

/// Counters since the start; none ever falls.
struct RunProgress {
  std::uint64_t records_read = 0;
  std::uint64_t bases_read = 0;
  std::uint64_t chunks_read = 0;
  std::uint64_t frames_found = 0;
  std::uint64_t frames_embedded = 0;   ///< by both encoders
  std::uint64_t frames_prepared = 0;   ///< whose tokens are planned, or that need none
  std::uint64_t records_finished = 0;  ///< in the results
  PerEncoder<EncoderProgress> encoders;
  bool reading_done = false;  ///< the *_read and frames_found counts are final
  double seconds = 0.0;       ///< since the start, monotonic
};

/// Receives the counters, at most five times a second, from any of the pipeline's threads but never
/// from two at once. An exception from update() ends the run with it.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void update(const RunProgress& progress) = 0;
};

}  // namespace virnucpro
