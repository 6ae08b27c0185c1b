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

/// The work of one device, summed over its workers.
struct DeviceWork {
  std::string name;
  std::size_t workers = 0;
  std::uint64_t batches = 0;
  PerEncoder<std::uint64_t> tokens;
  double busy_seconds = 0.0;  ///< of all its workers together
};

/// run(i) takes one thread for each engine. A free one takes the next task and fills its rows of
/// the window's `computed`; the one that does a window's last batch scores it and passes it to the
/// writer. It ends when the tasks end or the writer is gone; the last to leave closes `done`. A
/// lost device gives its task back and ends its workers; DeviceError when no other is left. Other
/// errors of an engine leave run(), Interrupted with the text of a run.
class DeviceStage {
 public:
  struct Options {
    /// At least one. Engines of one name belong to one device, which all of them lose at once.
    std::vector<Engine*> engines;
    FeatureLayout layout;
    bool classify = true;
    /// A worker takes no more of a batch than it computes in about 20 seconds; others get the rest.
    bool time_sized = false;
    bool tells_batches = false;     ///< passes each batch to the writer, too
    std::function<double()> clock;  ///< seconds since a fixed moment
  };
  DeviceStage(Options options, TaskQueue<BatchTask>& tasks, BoundedQueue<Done>& done,
              Faults& faults, ProgressMeter& progress);
  void run(std::size_t worker);

  // Valid once all workers have ended.
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
  std::atomic<std::size_t> devices_left_;         // devices that are not lost
  std::atomic<std::uint64_t> shared_batches_{0};  // parts that were left to others
};

}  // namespace virnucpro
