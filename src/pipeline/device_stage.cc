#include "pipeline/device_stage.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "pipeline/on_leaving.h"

namespace virnucpro {

DeviceStage::DeviceStage(Options options, TaskQueue<BatchTask>& tasks, BoundedQueue<Done>& done,
                         Faults& faults, ProgressMeter& progress)
    : options_(std::move(options)),
      tasks_(tasks),
      done_(done),
      faults_(faults),
      progress_(progress),
      lost_(options_.engines.size()),
      workers_left_(options_.engines.size()),
      devices_left_(0) {
  check(!options_.engines.empty(), "a run without a device");
  for (Engine* engine : options_.engines) {
    workers_.emplace_back(*engine, options_.layout, faults_, options_.clock);
    const std::string name = engine->name();
    const auto device = std::ranges::find(names_, name);
    device_of_.push_back(static_cast<std::size_t>(device - names_.begin()));
    if (device == names_.end()) names_.push_back(name);
  }
  devices_left_ = names_.size();
}

void DeviceStage::run(std::size_t worker) {
  // The last worker to leave tells the writer.
  const OnLeaving leaving([this] {
    if (workers_left_.fetch_sub(1) == 1) done_.close();
  });
  try {
    options_.engines[worker]->start();
  } catch (const DeviceError& error) {
    if (lose_device(worker, error)) throw;
    return;
  }
  while (std::optional<BatchTask> task = tasks_.pop()) {
    if (is_lost(worker)) return tasks_.give_back(*task);
    try {
      const bool goes_on = run_task(*task, workers_[worker]);
      tasks_.finish();
      if (!goes_on) return;
    } catch (const DeviceError& error) {
      tasks_.give_back(*task);
      if (lose_device(worker, error)) throw;
      return;
    } catch (const Interrupted&) {  // the backend stopped before its batch was done
      throw Interrupted(kStoppedOnRequest);
    }
  }
}

/// True when the lost device was the last one. The first of a device's workers reports the loss.
bool DeviceStage::lose_device(std::size_t worker, const DeviceError& error) {
  if (is_lost(worker).exchange(true)) return false;
  const std::size_t left = devices_left_.fetch_sub(1) - 1;
  faults_.lost(names_[device_of_[worker]], left, error.what());
  return left == 0;
}

/// Leaves in `task` what the worker computes in time; any worker may take the rest.
void DeviceStage::keep_in_time(BatchTask& task, const DeviceWorker& worker) {
  const std::size_t count = worker.in_time(*task.window, task.encoder, task.members);
  if (count == task.members.size()) return;
  BatchTask rest = task;
  rest.members = task.members.subspan(count);
  task.members = task.members.first(count);
  task.window->computed.batches_left.fetch_add(1);
  ++shared_batches_;
  tasks_.share(std::move(rest));
}

/// False when the writer is gone. After a DeviceError, `task` is the part that is left.
bool DeviceStage::run_task(BatchTask& task, DeviceWorker& worker) {
  Window& window = *task.window;
  if (!task.is_computed) {
    if (options_.time_sized) keep_in_time(task, worker);
    const std::uint64_t tokens = worker.tokens(task.encoder);
    const double seconds = worker.seconds(task.encoder);
    worker.embed(window, task.encoder, task.members, task.number);
    progress_.change([&](RunProgress& progress) {
      if (task.encoder == EncoderKind::kEsm2) progress.frames_embedded += task.members.size();
      EncoderProgress& encoder = progress.encoders[task.encoder];
      encoder.tokens_computed += worker.tokens(task.encoder) - tokens;
      encoder.seconds += worker.seconds(task.encoder) - seconds;
    });
    if (options_.tells_batches && !done_.push({&window, false, task})) return false;
    // The last batch of a window sees what the other workers wrote: fetch_sub orders the writes.
    if (window.computed.batches_left.fetch_sub(1) > 1) return true;
    task.is_computed = true;
  }
  if (options_.classify) worker.classify(window);
  return done_.push({&window, true, {}});
}

std::vector<DeviceWork> DeviceStage::devices() const {
  std::vector<DeviceWork> devices;
  for (const std::string& name : names_) devices.emplace_back().name = name;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const DeviceWorker& worker = workers_[i];
    DeviceWork& device = devices[device_of_[i]];
    ++device.workers;
    device.batches += worker.batches();
    device.busy_seconds += worker.classify_seconds();
    for (const EncoderKind kind : kEncoderKinds) {
      device.tokens[kind] += worker.tokens(kind);
      device.busy_seconds += worker.seconds(kind);
    }
  }
  return devices;
}

}  // namespace virnucpro
