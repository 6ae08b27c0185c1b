// The last stage of a run: windows are finished, taken and kept in input order.
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

/// run() takes one thread, which alone speaks to the journal but for recall(). It owns what repeats
/// get, hands each window to `take` and the journal, clears it and gives it back to `free`. It ends
/// once `done` is closed and drained, whatever stopped the others, so that what was computed is
/// saved. When it ends by an error it cancels `done`: no worker waits for it.
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

  // Once run() has ended.
  double seconds() const { return seconds_; }
  /// Windows that were written; and those that wait for one that never came: of a stopped run.
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
  std::uint64_t records_ = 0;  // that have ended
  std::uint64_t written_ = 0;
  std::size_t waiting_ = 0;
};

}  // namespace virnucpro
