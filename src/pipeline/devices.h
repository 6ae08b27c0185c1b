// The registry of backends: which devices this program can compute on, best first, and why not.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/topology.h"
#include "backend/precision_cost.h"

namespace virnucpro {

/// One entry of the registry. `reason` says why it is not usable or, where it is, not chosen.
struct DeviceInfo {
  std::string name;
  bool usable = false;
  std::string description;  ///< of a usable one: processor, instruction set, threads
  std::string reason;
  /// Of a usable one: its products, workers and nodes; and one entry per precision. May be empty.
  std::string offers;
  std::vector<PrecisionCost> precisions;
};

/// Every backend this program knows, best first. `threads` 0: every processor of this process.
std::vector<DeviceInfo> list_devices(std::size_t threads = 0);

/// The device a run uses, and one line for each better one that was passed over.
struct DeviceChoice {
  std::string name;
  std::vector<std::string> passed_over;
};

/// `wanted`: "auto" (the best usable one) or a name of the list. Throws DeviceError, naming the
/// devices there are, for an unknown name or one that cannot be used: no silent replacement.
DeviceChoice choose_device(const std::string& wanted);

/// `name` as chosen above: one backend for all threads. Thread-safe.
std::unique_ptr<Backend> create_backend(const std::string& name, std::size_t threads);

/// The backends that work side by side in a run, of one kind: models prepared for the first serve
/// all of them.
struct Workers {
  std::vector<std::unique_ptr<Backend>> backends;  ///< at least one
  std::size_t threads = 0;                         ///< of all together
  std::size_t numa_nodes = 1;                      ///< that this process may use
};

/// `name` as chosen above; the device cpu has one backend per NUMA node (plan_cpu_workers()).
Workers create_workers(const std::string& name, std::size_t threads);

/// The device cpu as planned.
Workers create_workers(const CpuPlan& plan);

/// What the precisions cost on the device `name`; empty where that is not known.
std::vector<PrecisionCost> precision_costs_on(const std::string& name);

}  // namespace virnucpro
