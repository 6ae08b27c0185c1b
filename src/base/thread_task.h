// A value that is computed on a thread of its own.
#pragma once

#include <future>
#include <thread>
#include <utility>

#include "base/start_thread.h"

namespace virnucpro {

/// Unlike std::async, it throws what start_thread() throws when the system refuses the thread. Its
/// destructor waits for the end of the thread. Thread-confined.
template <typename Value>
class ThreadTask {
 public:
  /// Starts `body` at once. Throws what start_thread() throws.
  template <typename Body>
  explicit ThreadTask(Body body) {
    std::packaged_task<Value()> task(std::move(body));
    value_ = task.get_future();
    thread_ = start_thread(std::move(task));
  }
  ~ThreadTask() {
    if (thread_.joinable()) thread_.join();
  }
  ThreadTask(ThreadTask&&) noexcept = default;
  ThreadTask& operator=(ThreadTask&&) = delete;

  /// Waits; returns the value, or throws what `body` has thrown. Call once.
  Value get() { return value_.get(); }

 private:
  std::future<Value> value_;
  std::thread thread_;
};

}  // namespace virnucpro
