// The progress of a run, counted by all of its threads.
#pragma once

#include <mutex>

#include "base/stopwatch.h"
#include "pipeline/progress.h"

namespace virnucpro {

/// Borrows the sink, which may be null, and tells it of changes at most five times a second.
/// Thread-safe; passes on what the sink throws. A slow sink holds up whoever changes something.
class ProgressMeter {
 public:
  explicit ProgressMeter(ProgressSink* sink) : sink_(sink) {}

  /// Lets `change(RunProgress&)` count; `always` tells the sink in any case.
  template <typename Change>
  void change(Change&& change, bool always = false) {
    std::lock_guard lock(mutex_);
    change(progress_);
    const double now = watch_.seconds();
    if (sink_ == nullptr || (!always && now < next_)) return;
    progress_.seconds = now;
    next_ = now + kSecondsBetween;
    sink_->update(progress_);
  }

 private:
  static constexpr double kSecondsBetween = 0.2;

  ProgressSink* sink_;
  const Stopwatch watch_;
  std::mutex mutex_;
  double next_ = 0.0;  // when the sink is told again
  RunProgress progress_;
};

}  // namespace virnucpro
