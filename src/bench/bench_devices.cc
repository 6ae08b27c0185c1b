#include "bench/bench_devices.h"

#include <future>

namespace virnucpro {

BenchDevices open_bench_devices(const std::string& wanted, std::size_t threads) {
  BenchDevices devices;
  devices.name = choose_device(wanted).name;
  devices.workers = create_workers(devices.name, threads);
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
