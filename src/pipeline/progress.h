// Reports how far a run is.
#pragma once

#include <cstdint>

namespace virnucpro {

/// Counters since the start; none ever falls.
struct RunProgress {
  std::uint64_t records_read = 0;
  std::uint64_t bases_read = 0;
  std::uint64_t chunks_read = 0;
  std::uint64_t frames_found = 0;
  std::uint64_t frames_embedded = 0;   ///< by both encoders
  std::uint64_t records_finished = 0;  ///< in the results
  bool reading_done = false;           ///< the *_read and frames_found counts are final
  double seconds = 0.0;                ///< since the start, monotonic
};

/// Receives the counters, at most five times a second, from any of the pipeline's threads but never
/// from two at once. An exception from update() ends the run with it.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  virtual void update(const RunProgress& progress) = 0;
};

}  // namespace virnucpro
