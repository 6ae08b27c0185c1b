// The threads of a run: the first error cancels all of them and reaches the caller.
#pragma once

#include <exception>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/start_thread.h"

namespace virnucpro {

/// add() and run() are for one thread, fail() for any.
class StageThreads {
 public:
  /// `cancel` releases every stage that waits; called once, on the first error.
  explicit StageThreads(std::function<void()> cancel) : cancel_(std::move(cancel)) {}
  StageThreads(const StageThreads&) = delete;
  StageThreads& operator=(const StageThreads&) = delete;

  void add(std::function<void()> stage) { stages_.push_back(std::move(stage)); }

  void fail(std::exception_ptr error) {
    {
      std::lock_guard lock(mutex_);
      if (failed_) return;
      failed_ = true;
      error_ = std::move(error);
    }
    cancel_();
  }

  /// Runs each stage on a thread of its own, once. Returns when all have ended; rethrows the first
  /// error. ResourceError when the system refuses a thread: then no stage has begun, because each
  /// waits for others.
  void run() {
    std::promise<bool> all_started;
    const std::shared_future<bool> may_begin = all_started.get_future().share();
    std::vector<std::thread> threads;
    threads.reserve(stages_.size());
    try {
      for (const std::function<void()>& stage : stages_) {
        threads.push_back(start_thread([this, &stage, may_begin] {
          if (may_begin.get()) work(stage);
        }));
      }
    } catch (...) {
      all_started.set_value(false);
      for (std::thread& thread : threads) thread.join();
      throw;
    }
    all_started.set_value(true);
    for (std::thread& thread : threads) thread.join();
    std::lock_guard lock(mutex_);
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void work(const std::function<void()>& stage) {
    try {
      stage();
    } catch (...) {
      fail(std::current_exception());
    }
  }

  std::function<void()> cancel_;
  std::vector<std::function<void()>> stages_;
  std::mutex mutex_;
  bool failed_ = false;
  std::exception_ptr error_;
};

}  // namespace virnucpro
