// The registry of backends: the devices of this program, best first, and why some are unusable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/cpu/topology.h"
#include "backend/cuda/plugin_loader.h"
#include "backend/precision_cost.h"
#include "base/environment.h"
#include "devices/device_names.h"

namespace virnucpro {

/// Backends of one GPU that work side by side: one batch is copied in and one copied out while a
/// third is computed.
inline constexpr std::size_t kCudaLanes = 3;

enum class DeviceKind { kCuda, kCpu, kReference };

/// One device of this machine.
struct Device {
  DeviceKind kind = DeviceKind::kCpu;
  std::size_t number = 0;  ///< of a GPU

  bool operator==(const Device&) const = default;
};

/// Its name in the registry: "cpu", "cuda:1".
std::string text_of(const Device& device);

/// One entry of the registry. `reason` says why it is not usable or, where it is, not chosen.
struct DeviceInfo {
  std::string name;
  bool usable = false;
  std::string description;  ///< of a usable one: processor, instruction set, threads
  std::string reason;
  /// In which it can compute, in the order of kPrecisions; empty: it is not usable.
  std::vector<Precision> offered;
  /// What a usable device has: products, workers and nodes; what precisions cost. May be empty.
  std::string offers;
  std::vector<PrecisionCost> precisions;
};

/// The devices of a run, one line for each better one that was skipped, and what the user should
/// know about a mix.
struct DeviceChoice {
  std::string name;  ///< "cpu", "cuda:0,2", "cuda:0,cpu"
  std::vector<std::string> passed_over;
  std::vector<std::string> warnings;
  std::vector<Device> devices;  ///< at least one
  /// All GPUs were asked for: those that cannot be opened are skipped.
  bool all_gpus = false;
  bool else_cpu = false;  ///< the CPU computes if no GPU can be opened
};

/// A GPU that workers compute on.
struct WorkerGpu {
  std::string name;  ///< "cuda:0"
  std::string description;
  std::shared_ptr<CudaDevice> device;
};

/// The backends that work side by side in a run.
struct Workers {
  std::vector<std::unique_ptr<Backend>> backends;  ///< at least one
  /// The number of backends of each device, in order. Models prepared for the first backend of a
  /// device serve all of that device, and no other. Empty: all are of one device.
  std::vector<std::size_t> lanes;
  std::vector<WorkerGpu> gpus;
  std::size_t threads = 0;     ///< of all together
  std::size_t numa_nodes = 1;  ///< that this process may use
};

/// The devices of this machine and process. Opens the CUDA plug-in once, when a device that may be
/// a GPU is first asked for. Used by one thread; backends may outlive it.
class DeviceRegistry {
 public:
  using LoadPlugin = std::function<LoadedCudaPlugin()>;

  /// Reads VIRNUCPRO_CUDA_PLUGIN (path of the plug-in) and VIRNUCPRO_CUDA_MEMORY (MiB that a run
  /// takes of each GPU; 0: all that is free). ConfigError when the latter is not such a number.
  explicit DeviceRegistry(const Environment& environment);
  /// The same with another way to the plug-in.
  DeviceRegistry(const Environment& environment, LoadPlugin load_plugin);

  /// Every backend this program knows, best first, with one entry per GPU. `threads` 0: every
  /// processor of this process.
  std::vector<DeviceInfo> list(std::size_t threads = 0);

  /// `wanted`: "auto" (all of the best usable kind) or names of the list (device_names.h). Throws
  /// DeviceError, listing the devices, for one that is unknown or unusable: it never silently takes
  /// another.
  DeviceChoice choose(const std::string& wanted);

  /// The device cpu has one backend per NUMA node (plan_cpu_workers()), a GPU kCudaLanes. Leaves in
  /// `choice` what was opened. DeviceError for a GPU that was named and cannot be opened.
  Workers create_workers(DeviceChoice& choice, std::size_t threads);
  /// The same for the first of the devices, as one backend for all threads.
  std::unique_ptr<Backend> create_backend(DeviceChoice& choice, std::size_t threads);

 private:
  const LoadedCudaPlugin& cuda();
  /// Why the GPU cannot be used; empty: it can.
  std::string reason_against(std::size_t gpu);
  std::vector<std::size_t> usable_gpus(std::vector<std::string>& passed_over);
  bool add_all_gpus(DeviceChoice& choice);
  void add_cuda(const DeviceName& name, const std::string& wanted, DeviceChoice& choice);
  DeviceChoice choose_best();
  std::string usable_names();
  void list_cuda(std::vector<DeviceInfo>& devices);
  std::shared_ptr<CudaDevice> open(const Device& gpu, std::size_t contexts, DeviceChoice& choice);
  void settle(DeviceChoice& choice, std::vector<Device> devices);
  void warn_of_mixes(DeviceChoice& choice);

  LoadPlugin load_plugin_;
  std::uint64_t cuda_pool_bytes_ = 0;
  std::optional<LoadedCudaPlugin> cuda_;
};

/// One device by its name, from a registry of this process's environment. Thread-safe.
std::unique_ptr<Backend> create_backend(const std::string& name, std::size_t threads);
Workers create_workers(const std::string& name, std::size_t threads);

/// The backends of the device cpu, as planned.
Workers create_workers(const CpuPlan& plan);

}  // namespace virnucpro
