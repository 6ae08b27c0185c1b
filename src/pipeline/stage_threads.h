// The threads of a run: the first error cancels all of them and reaches the caller.
#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace virnucpro {

/// start() and join() from one thread, fail() from any.
class StageThreads {
 public:
  /// `cancel` releases every stage that waits; called once, on the first error.
  explicit StageThreads(std::function<void()> cancel) : cancel_(std::move(cancel)) {}
  /// Cancels and joins when join() was not reached.
  ~StageThreads() {
    if (!threads_.empty()) fail(nullptr);
    wait();
  }
  StageThreads(const StageThreads&) = delete;
  StageThreads& operator=(const StageThreads&) = delete;

  void start(std::function<void()> stage) {
    threads_.emplace_back([this, stage = std::move(stage)] {
      try {
        stage();
      } catch (...) {
        fail(std::current_exception());
      }
    });
  }

  void fail(std::exception_ptr error) {
    {
      std::lock_guard lock(mutex_);
      if (failed_) return;
      failed_ = true;
      error_ = std::move(error);
    }
    cancel_();
  }

  /// Returns when all stages have ended; rethrows the first error.
  void join() {
    wait();
    std::lock_guard lock(mutex_);
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void wait() {
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::function<void()> cancel_;
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  bool failed_ = false;
  std::exception_ptr error_;
};

}  // namespace virnucpro
