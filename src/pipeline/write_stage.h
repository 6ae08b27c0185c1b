// The last stage of a run: it finishes windows, passes them on and saves them in input order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/bounded_queue.h"
#include "pipeline/faults.h"
#include "pipeline/journal.h"
#include "pipeline/progress_meter.h"
#include "pipeline/repeats.h"
#include "pipeline/stage_messages.h"
#include "pipeline/timed_journal.h"
#include "pipeline/window_finisher.h"

namespace virnucpro {

/// Takes every window once, complete and in input order, on one thread. Failed ORFs have results of
/// NaN and are named in window.finished.failures.
using TakeWindow = std::function<void(const Window&)>;

/// run() takes one thread, which makes all calls to the journal except recall(). It owns the
/// results for repeats, passes each window to `take` and the journal, clears it and gives it back
/// to `free`. It ends once `done` is closed and drained, whatever stopped the others, so that
/// results are saved. When it ends by an error it cancels `done`, so that no worker waits for it.
class WriteStage {
 public:
  struct Options {
    bool classify = true;
    std::size_t result_floats = 0;  ///< of one ORF
    RepeatLimits repeats;
    TakeWindow take;
    Journal* journal = nullptr;  ///< may be null
  };
  WriteStage(Options options, BoundedQueue<Done>& done, BoundedQueue<Window*>& free, Faults& faults,
             ProgressMeter& progress);
  void run();

  // Valid once run() has ended.
  double seconds() const { return seconds_; }
  /// Windows that were written, and windows of a stopped run that wait for one that never came.
  std::uint64_t written() const { return written_; }
  std::size_t waiting() const { return waiting_; }

 private:
  void tell_batch(const BatchTask& batch);
  void write(Window& window, WindowFinisher& finisher);
  void recycle(Window& window);

  const Options options_;
  BoundedQueue<Done>& done_;
  BoundedQueue<Window*>& free_;
  Faults& faults_;
  ProgressMeter& progress_;
  TimedJournal journal_;
  double seconds_ = 0.0;
  std::uint64_t records_ = 0;  // records that have ended
  std::uint64_t written_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace virnucpro
