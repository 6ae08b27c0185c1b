#include "base/worker_group.h"

#include <future>
#include <utility>

#include "base/start_thread.h"
#include "base/stop.h"

namespace virnucpro {
namespace {

// Waiting threads look that often before they sleep: 20 to 50 us. That is longer than the gap
// between two operations of a batch, where waking a thread would cost as much as a small operation.
constexpr int kLooks = 1000;

/// True as soon as `ready()` is; false when it was not within kLooks looks.
template <typename Ready>
bool is_ready_soon(const Ready& ready) {
  for (int i = 0; i < kLooks; ++i) {
    if (ready()) return true;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
  }
  return false;
}

}  // namespace

WorkerGroup::WorkerGroup(std::size_t size, std::function<void()> on_start) {
  const std::size_t helpers = size > 1 ? size - 1 : 0;
  threads_.reserve(helpers);
  try {
    for (std::size_t i = 0; i < helpers; ++i) start(i + 1, on_start);
  } catch (...) {
    end();  // those that have started wait for work
    throw;
  }
}

void WorkerGroup::start(std::size_t worker, const std::function<void()>& on_start) {
  if (!on_start) {
    threads_.push_back(start_thread([this, worker] { help(worker); }));
    return;
  }
  std::promise<void> started;
  std::future<void> start = started.get_future();
  threads_.push_back(
      start_thread([this, worker, &on_start, started = std::move(started)]() mutable {
        try {
          on_start();
        } catch (...) {
          started.set_exception(std::current_exception());
          return;
        }
        started.set_value();
        help(worker);
      }));
  start.get();
}

WorkerGroup::~WorkerGroup() { end(); }

void WorkerGroup::end() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    generation_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerGroup::run(std::size_t count, const Task& task, const std::stop_token& stop) {
  if (threads_.empty() || count <= 1) {
    for (std::size_t i = 0; i < count; ++i) {
      throw_if_stopped(stop);
      task(i, 0);
    }
    return;
  }
  {
    std::lock_guard lock(mutex_);
    task_ = &task;
    stop_ = &stop;
    count_ = count;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(threads_.size(), std::memory_order_relaxed);
    error_ = nullptr;
    generation_.fetch_add(1, std::memory_order_release);
  }
  wake_.notify_all();
  work(0);
  const auto all_done = [&] { return busy_.load(std::memory_order_acquire) == 0; };
  if (!is_ready_soon(all_done)) {
    std::unique_lock lock(mutex_);
    done_.wait(lock, all_done);
  }
  task_ = nullptr;
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void WorkerGroup::work(std::size_t worker) {
  for (;;) {
    const std::size_t index = next_.fetch_add(1, std::memory_order_relaxed);
    if (index >= count_) return;
    try {
      throw_if_stopped(*stop_);
      (*task_)(index, worker);
    } catch (...) {
      std::lock_guard lock(mutex_);
      if (!error_) error_ = std::current_exception();
    }
  }
}

void WorkerGroup::help(std::size_t worker) {
  for (std::size_t seen = 0;; ++seen) {
    const auto is_called = [&] { return generation_.load(std::memory_order_acquire) != seen; };
    if (!is_ready_soon(is_called)) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, is_called);
    }
    if (stopping_) return;
    work(worker);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) > 1) continue;
    // Under the lock: the caller may be between its last look and its sleep.
    { std::lock_guard lock(mutex_); }
    done_.notify_one();
  }
}

}  // namespace virnucpro
