// The third stage of a run: workers that compute batches, on devices that may be lost.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/bounded_queue.h"
#include "base/errors.h"
#include "pipeline/device_worker.h"
#include "pipeline/progress_meter.h"
#include "pipeline/stage_messages.h"
#include "pipeline/task_queue.h"

namespace virnucpro {

/// What the workers of one device did.
struct DeviceWork {
  std::string name;
  std::size_t workers = 0;
  std::uint64_t batches = 0;
  PerEncoder<std::uint64_t> tokens;
  double busy_seconds = 0.0;  ///< of all its workers together
};

/// run(i) takes one thread for each engine. Whichever is free takes the next task, fills its rows
/// of the window's `computed`, and the one that does a window's last batch scores it and hands it
/// to the writer. Ends when the tasks end or the writer is gone; the last to leave closes `done`. A
/// lost device gives its task back and ends its workers; DeviceError when no other is left. Other
/// errors of an engine leave run(), Interrupted with the words of a run.
class DeviceStage {
 public:
  struct Options {
    /// At least one. Those of one name are of one device, which is lost to all of them at once.
    std::vector<Engine*> engines;
    FeatureLayout layout;
    bool classify = true;
    /// A worker takes no more of a batch than it computes in about 20 seconds; others get the rest.
    bool time_sized = false;
    bool tells_batches = false;     ///< each batch goes to the writer, too
    std::function<double()> clock;  ///< seconds since any moment
  };
  DeviceStage(Options options, TaskQueue<BatchTask>& tasks, BoundedQueue<Done>& done,
              Faults& faults, ProgressMeter& progress);
  void run(std::size_t worker);

  // Once all workers have ended.
  const std::vector<DeviceWorker>& workers() const { return workers_; }
  /// In the order of the engines.
  std::vector<DeviceWork> devices() const;
  /// Parts of batches that were left to others.
  std::uint64_t shared_batches() const { return shared_batches_.load(); }

 private:
  bool run_task(BatchTask& task, DeviceWorker& worker);
  void keep_in_time(BatchTask& task, const DeviceWorker& worker);
  bool lose_device(std::size_t worker, const DeviceError& error);
  std::atomic<bool>& is_lost(std::size_t worker) { return lost_[device_of_[worker]]; }

  const Options options_;
  TaskQueue<BatchTask>& tasks_;
  BoundedQueue<Done>& done_;
  Faults& faults_;
  ProgressMeter& progress_;
  std::vector<DeviceWorker> workers_;
  std::vector<std::string> names_;                // of the devices
  std::vector<std::size_t> device_of_;            // by worker: a position in names_
  std::vector<std::atomic<bool>> lost_;           // by device
  std::atomic<std::size_t> workers_left_;         // threads
  std::atomic<std::size_t> devices_left_;         // that are not lost
  std::atomic<std::uint64_t> shared_batches_{0};  // parts that were left to others
};

}  // namespace virnucpro
