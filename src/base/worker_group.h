// A fixed team of threads that share one loop at a time.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

namespace virnucpro {

/// `size` workers (the calling thread is number 0). run() splits nothing itself: the indices are
/// handed out one by one, so what an index computes must not depend on which worker takes it.
/// Not reentrant: one run() at a time, from one thread; other threads use their own group.
class WorkerGroup {
 public:
  using Task = std::function<void(std::size_t index, std::size_t worker)>;

  /// `on_start` runs once on each helper thread, on one after the other, before the constructor
  /// returns. Throws what it throws, and ResourceError when the system refuses a thread; no thread
  /// is left behind then.
  explicit WorkerGroup(std::size_t size, std::function<void()> on_start = {});
  ~WorkerGroup();
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;

  std::size_t size() const { return threads_.size() + 1; }

  /// Calls task(i, worker) for every i in [0, count) and returns when all are done. Rethrows the
  /// first exception after the others have finished. Once `stop` is requested no further index
  /// begins, and Interrupted is thrown.
  void run(std::size_t count, const Task& task, const std::stop_token& stop = {});

 private:
  void end();
  void work(std::size_t worker);
  void help(std::size_t worker);
  void start(std::size_t worker, const std::function<void()>& on_start);

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable done_;
  const Task* task_ = nullptr;
  const std::stop_token* stop_ = nullptr;
  std::size_t count_ = 0;
  std::atomic<std::size_t> next_{0};
  std::atomic<std::size_t> busy_{0};
  std::atomic<std::size_t> generation_{0};  // of run(), and one more to stop
  bool stopping_ = false;                   // written before the last generation
  std::exception_ptr error_;
};

}  // namespace virnucpro
