// The devices that a benchmark runs on, and what they can tell beside the work.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "devices/devices.h"

namespace virnucpro {

struct BenchDevices {
  std::string name;  ///< as the registry chose: "cpu", "cuda:0,1"
  Workers workers;   ///< all on GPUs, or none
};

/// Opens `wanted`, a name that the registry knows. Throws DeviceError.
BenchDevices open_bench_devices(const std::string& wanted, std::size_t threads);

/// Tests use other devices in its place.
using OpenBenchDevices =
    std::function<BenchDevices(const std::string& wanted, std::size_t threads)>;

/// FLOP/s of large products on each GPU, all at work at the same time for about `seconds`.
std::vector<double> measure_gpu_ceilings(const std::vector<WorkerGpu>& gpus, Precision precision,
                                         double seconds);

}  // namespace virnucpro
