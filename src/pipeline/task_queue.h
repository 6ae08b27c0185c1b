// Passes tasks to workers that may be lost: the task of a lost worker goes to another.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace virnucpro {

/// A bounded FIFO whose consumers say when they are done with a task, so that none of them leaves
/// while another one holds a task that might come back. Thread-safe.
template <typename T>
class TaskQueue {
 public:
  explicit TaskQueue(std::size_t capacity) : capacity_(capacity == 0 ? 1 : capacity) {}
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  /// Blocks while full. False, without taking the task, when the queue is closed or cancelled.
  bool push(T task) {
    std::unique_lock lock(mutex_);
    not_full_.wait(lock, [&] { return tasks_.size() < capacity_ || closed_; });
    if (closed_) return false;
    tasks_.push_back(std::move(task));
    lock.unlock();
    changed_.notify_one();
    return true;
  }

  /// The next task, held until finish() or give_back(). nullopt: the queue is closed and no task is
  /// left or held, or it is cancelled.
  std::optional<T> pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock,
                  [&] { return !tasks_.empty() || (closed_ && in_hand_ == 0) || cancelled_; });
    if (tasks_.empty()) return std::nullopt;
    T task = std::move(tasks_.front());
    tasks_.pop_front();
    ++in_hand_;
    lock.unlock();
    not_full_.notify_one();
    return task;
  }

  void finish() {
    {
      const std::lock_guard lock(mutex_);
      --in_hand_;
    }
    changed_.notify_all();
  }

  /// The held task goes to the next consumer, before all others. Never blocks.
  void give_back(T task) {
    {
      const std::lock_guard lock(mutex_);
      --in_hand_;
      if (!cancelled_) tasks_.push_front(std::move(task));
    }
    changed_.notify_all();
  }

  /// The part of a task that its holder does not take goes to the next consumer. Never blocks.
  void share(T part) {
    {
      const std::lock_guard lock(mutex_);
      if (!cancelled_) tasks_.push_front(std::move(part));
    }
    changed_.notify_one();
  }

  /// Nothing more will be pushed.
  void close() { end(false); }
  /// The same, and waiting tasks are dropped.
  void cancel() { end(true); }

 private:
  void end(bool drop) {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      cancelled_ = cancelled_ || drop;
      if (drop) tasks_.clear();
    }
    changed_.notify_all();
    not_full_.notify_all();
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable not_full_;
  std::condition_variable changed_;
  std::deque<T> tasks_;
  std::size_t in_hand_ = 0;
  bool closed_ = false;
  bool cancelled_ = false;
};

}  // namespace virnucpro
