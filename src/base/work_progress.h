// The front of progress: the library says how far a long work is, only cli/ decides what is shown.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace virnucpro {

/// How far one step of a work is.
struct WorkState {
  std::string_view doing = {};  ///< "reading": what happens to the things that are counted
  std::string_view noun = {};   ///< of one thing: "record"
  std::uint64_t done = 0;
  std::uint64_t total = 0;  ///< 0: not known before the end
};

/// A sink for states, passed down to all work that may take seconds. Copies share it. Thread-safe
/// when the sink is; the default one drops everything.
class WorkProgress {
 public:
  using Sink = std::function<void(const WorkState&)>;

  WorkProgress() = default;
  explicit WorkProgress(Sink sink) : sink_(std::move(sink)) {}

  void report(const WorkState& state) const {
    if (sink_) sink_(state);
  }

 private:
  Sink sink_;
};

/// One step whose things are counted as they are done. The texts must outlive it. Thread-confined.
class WorkStep {
 public:
  /// Reports the beginning, too, so that a step that counts seldom is named at once.
  WorkStep(WorkProgress progress, std::string_view doing, std::string_view noun,
           std::uint64_t total = 0)
      : progress_(std::move(progress)), state_{doing, noun, 0, total} {
    progress_.report(state_);
  }

  void add(std::uint64_t count = 1) {
    state_.done += count;
    progress_.report(state_);
  }

 private:
  WorkProgress progress_;
  WorkState state_;
};

}  // namespace virnucpro
