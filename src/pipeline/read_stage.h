// The first stage of a run: it turns records into windows.
#pragma once

#include <cstdint>

#include "base/bounded_queue.h"
#include "pipeline/progress_meter.h"
#include "pipeline/window_builder.h"

namespace virnucpro {

/// run() takes one thread. It owns the current record, takes free windows, fills their `read` and
/// passes them on; after that it touches none of them. It ends with the input, and then closes
/// `filled`, or when one of the queues is cancelled. Errors of the input leave it.
class ReadStage {
 public:
  ReadStage(RecordStream records, std::int64_t expected_length, WindowLimits limits,
            FrameRule frames, BoundedQueue<Window*>& free, BoundedQueue<Window*>& filled,
            ProgressMeter& progress);
  void run();

  // Valid once run() has ended.
  const Intake& intake() const { return builder_.intake(); }
  double seconds() const { return seconds_; }

 private:
  WindowBuilder builder_;
  BoundedQueue<Window*>& free_;
  BoundedQueue<Window*>& filled_;
  ProgressMeter& progress_;
  double seconds_ = 0.0;
};

}  // namespace virnucpro
