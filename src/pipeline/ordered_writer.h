// Passes items that come in any order on in the order of their numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "base/check.h"

namespace virnucpro {

/// Passes each item on once, in the order 0, 1, 2 ..., one at a time. Thread-safe: the caller that
/// adds the item which is due passes it on, and all that wait after it, without holding the lock;
/// other callers only leave theirs. So a slow `write` costs that one caller its time. `write` may
/// add items. Memory holds the items that come before their turn; the callers must bound it.
template <typename T>
class OrderedWriter {
 public:
  /// An exception of `write` leaves the add() that called it; nothing is passed on after it.
  explicit OrderedWriter(std::function<void(T)> write) : write_(std::move(write)) {}
  OrderedWriter(const OrderedWriter&) = delete;
  OrderedWriter& operator=(const OrderedWriter&) = delete;

  /// Throws ContractError for a number that came before.
  void add(std::uint64_t number, T item) {
    std::unique_lock lock(mutex_);
    check(number >= next_ && !waiting_.contains(number), "item {} comes twice", number);
    waiting_.emplace(number, std::move(item));
    if (is_writing_) return;
    is_writing_ = true;  // stays true after an exception
    while (!waiting_.empty() && waiting_.begin()->first == next_) {
      T due = std::move(waiting_.begin()->second);
      waiting_.erase(waiting_.begin());
      ++next_;
      lock.unlock();
      write_(std::move(due));
      lock.lock();
    }
    is_writing_ = false;
  }

  /// The number of the item that is due; all earlier ones have been passed on.
  std::uint64_t next() const {
    const std::lock_guard lock(mutex_);
    return next_;
  }
  /// The number of items that wait for one that has not come.
  std::size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }

 private:
  const std::function<void(T)> write_;
  mutable std::mutex mutex_;
  std::map<std::uint64_t, T> waiting_;
  std::uint64_t next_ = 0;
  bool is_writing_ = false;
};

}  // namespace virnucpro
