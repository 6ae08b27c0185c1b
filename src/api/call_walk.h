// From finished windows to calls, as the result tables of a run make them.
#pragma once

#include <string>
#include <vector>

#include "calls/record_caller.h"
#include "pipeline/window.h"
#include "run/ledger.h"
#include "virnucpro/virnucpro.h"

namespace virnucpro {

/// Takes windows in the order of the input and hands each chunk and sequence on. Thread-confined;
/// what `calls` borrows and the receiver must outlive it.
class CallWalk {
 public:
  CallWalk(const CalibratedCalls& calls, CallReceiver& receiver)
      : caller_(CallRule(), calls), receiver_(receiver) {}

  void take(const Window& window);

  std::uint64_t failed_frames() const { return failed_frames_; }

 private:
  void begin(const Record& record);
  void add(const Window& window, const Window::ChunkPlace& place);
  void call_scored_chunk(ChunkCall& call);
  void end();

  RecordCaller caller_;
  CallReceiver& receiver_;
  SequenceCall sequence_;           // the current one
  OutcomeCounts outcomes_;          // of its chunks
  double sum_p_virus_ = 0.0;        // over its frames
  std::vector<FrameScore> frames_;  // of the current chunk, reused
  std::vector<ScorePair> scores_;   // of these frames
  std::uint64_t failed_frames_ = 0;
};

}  // namespace virnucpro
