#include "bench/bench_devices.h"

#include <future>

#include "base/environment.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {

BenchDevices open_bench_devices(const std::string& wanted, std::size_t threads) {
  BenchDevices devices;
  DeviceRegistry registry(process_environment());
  const DeviceChoice choice = registry.choose(wanted);
  devices.name = choice.name;
  devices.workers = registry.create_workers(choice, threads);
  std::size_t first = 0;
  for (std::size_t i = 0; i < devices.workers.gpus.size(); ++i) {
    if (devices.workers.gpus[i] != nullptr) {
      const Backend& lane = *devices.workers.backends[first];
      devices.gpus.push_back(
          {std::string(lane.name()), lane.description(), devices.workers.gpus[i]});
    }
    first += devices.workers.lanes[i];
  }
  // A ceiling of GPUs and processors together would be that of no precision: they multiply in
  // different types.
  if (!devices.gpus.empty() && devices.gpus.size() != devices.workers.lanes.size()) {
    throw DeviceError(fmt::format(
        "device '{}': GPUs are measured without the CPU beside them. Name one kind.", choice.name));
  }
  return devices;
}

std::vector<double> measure_gpu_ceilings(const std::vector<BenchGpu>& gpus, Precision precision,
                                         double seconds) {
  // Side by side, as in a run: GPUs of one host may share its power and its cooling.
  std::vector<std::future<double>> measurements;
  for (const BenchGpu& gpu : gpus) {
    measurements.push_back(std::async(std::launch::async, [&gpu, precision, seconds] {
      return gpu.device->measure_matmul_ceiling(precision, seconds);
    }));
  }
  std::vector<double> ceilings;
  for (std::future<double>& measurement : measurements) ceilings.push_back(measurement.get());
  return ceilings;
}

}  // namespace virnucpro
