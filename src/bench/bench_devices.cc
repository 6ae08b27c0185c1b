#include "bench/bench_devices.h"

#include "base/environment.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/thread_task.h"

namespace virnucpro {

BenchDevices open_bench_devices(const std::string& wanted, std::size_t threads) {
  DeviceRegistry registry(process_environment());
  DeviceChoice choice = registry.choose(wanted);
  BenchDevices devices;
  devices.workers = registry.create_workers(choice, threads);
  devices.name = choice.name;
  // GPUs and processors together have no ceiling of any one precision: they multiply in different
  // types.
  const std::size_t gpus = devices.workers.gpus.size();
  if (gpus != 0 && gpus != devices.workers.lanes.size()) {
    throw DeviceError(fmt::format(
        "device '{}': GPUs are measured without the CPU beside them. Name one kind.", choice.name));
  }
  return devices;
}

std::vector<double> measure_gpu_ceilings(const std::vector<WorkerGpu>& gpus, Precision precision,
                                         double seconds) {
  // Side by side, as in a run: GPUs of one host may share its power and its cooling.
  std::vector<ThreadTask<double>> measurements;
  measurements.reserve(gpus.size());
  for (const WorkerGpu& gpu : gpus) {
    measurements.emplace_back([&gpu, precision, seconds] {
      return gpu.device->measure_matmul_ceiling(precision, seconds);
    });
  }
  std::vector<double> ceilings;
  ceilings.reserve(gpus.size());
  for (ThreadTask<double>& measurement : measurements) ceilings.push_back(measurement.get());
  return ceilings;
}

}  // namespace virnucpro
