// Joins a run of the library, which has threads of its own, to the one Python thread that asks for
// its results: all Python code runs there, so that signals, iterators and callbacks meet no other
// thread.
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "virnucpro/virnucpro.h"

namespace virnucpro::python {

namespace nb = nanobind;

/// What the Python thread can do next.
enum class Event { kInput, kBlock, kProgress, kEnd, kNothing };

/// The run's side never takes the GIL; it waits, and a stop ends its waits.
template <typename Columns>
class Pump {
 public:
  // ---- The run's side.

  /// The next sequence from Python; false at its end, and when a stop is requested.
  bool next(Sequence& to, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    wants_input_ = input_.empty() && !input_ended_;
    if (wants_input_) changed_.notify_all();
    run_may_go_on_.wait(lock, stop, [this] { return !input_.empty() || input_ended_; });
    wants_input_ = false;
    if (input_.empty()) return false;
    to = std::move(input_.front());
    input_.pop_front();
    return true;
  }

  /// Hands a block on; waits while enough others wait to be taken.
  void give(Columns&& block, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    run_may_go_on_.wait(lock, stop, [this] { return blocks_.size() < kBlocks; });
    blocks_.push_back(std::move(block));
    changed_.notify_all();
  }

  void tell(const Progress& progress) {
    const std::lock_guard lock(mutex_);
    progress_ = progress;
    changed_.notify_all();
  }

  void end(std::exception_ptr error) {
    const std::lock_guard lock(mutex_);
    error_ = std::move(error);
    has_ended_ = true;
    changed_.notify_all();
  }

  // ---- Python's side.

  /// Waits for something to do, without the GIL, but at most for as long as signals may wait.
  Event wait() {
    const nb::gil_scoped_release release;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kSignalPeriod, [this] {
      return !blocks_.empty() || progress_ || has_ended_ || wants_input_;
    });
    if (progress_) return Event::kProgress;
    if (!blocks_.empty()) return Event::kBlock;
    if (has_ended_) return Event::kEnd;
    return wants_input_ ? Event::kInput : Event::kNothing;
  }

  void add_input(Sequence&& sequence) {
    const std::lock_guard lock(mutex_);
    input_.push_back(std::move(sequence));
  }
  /// Call after sequences were added; `is_all`: there are no others.
  void input_added(bool is_all) {
    const std::lock_guard lock(mutex_);
    input_ended_ = input_ended_ || is_all;
    wants_input_ = false;
    run_may_go_on_.notify_all();
  }
  Columns take_block() {
    const std::lock_guard lock(mutex_);
    Columns block = std::move(blocks_.front());
    blocks_.pop_front();
    run_may_go_on_.notify_all();
    return block;
  }
  Progress take_progress() {
    const std::lock_guard lock(mutex_);
    const Progress progress = *progress_;
    progress_.reset();
    return progress;
  }
  /// Valid once it has ended.
  const std::exception_ptr& error() const { return error_; }

 private:
  /// One is taken while the next is filled.
  static constexpr std::size_t kBlocks = 2;
  /// Short enough for a person at a keyboard.
  static constexpr std::chrono::milliseconds kSignalPeriod{50};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable_any run_may_go_on_;
  std::deque<Sequence> input_;
  bool wants_input_ = false;
  bool input_ended_ = false;
  std::deque<Columns> blocks_;
  std::optional<Progress> progress_;
  bool has_ended_ = false;
  std::exception_ptr error_;
};

}  // namespace virnucpro::python
