#include "devices/devices.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/precision_costs.h"
#include "backend/cpu/processor.h"
#include "backend/cuda/precision_costs.h"
#include "backend/reference/reference_backend.h"
#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/gigabytes.h"
#include "base/number_text.h"

namespace virnucpro {
namespace {

constexpr const char* kAuto = "auto";
constexpr const char* kCuda = "cuda";
constexpr const char* kCpu = "cpu";
constexpr const char* kReference = "reference";
constexpr const char* kPluginVariable = "VIRNUCPRO_CUDA_PLUGIN";
constexpr const char* kMemoryVariable = "VIRNUCPRO_CUDA_MEMORY";

constexpr const char* kWhyNotReference =
    "plain loops to judge the others by, a hundred times slower";

std::vector<Precision> precisions_of(std::span<const PrecisionCost> costs) {
  std::vector<Precision> precisions;
  for (const PrecisionCost& cost : costs) precisions.push_back(cost.precision);
  return precisions;
}

DeviceInfo describe_cpu(std::size_t threads) {
  const CpuPlan plan = plan_cpu_workers(threads);
  DeviceInfo info;
  info.name = kCpu;
  info.usable = true;
  info.description = CpuBackend(threads).description();
  info.offers = fmt::format(
      "{}; {} with {} on {}", describe(instruction_set()), counted(plan.workers.size(), "worker"),
      counted(plan.threads(), "thread"), counted(plan.numa_nodes, "NUMA node"));
  info.precisions = precision_costs();
  info.offered = precisions_of(info.precisions);
  return info;
}

DeviceInfo describe_reference() {
  DeviceInfo info;
  info.name = kReference;
  info.usable = true;
  info.description = ReferenceBackend().description();
  info.offered.assign(kPrecisions.begin(), kPrecisions.end());
  info.reason = kWhyNotReference;
  return info;
}

[[noreturn]] void refuse_all(const DeviceChoice& choice) {
  throw DeviceError(
      fmt::format("device '{}' cannot be used: {}. Free memory there, or name other "
                  "devices with --device.",
                  choice.name, fmt::join(choice.passed_over, "; ")));
}

DeviceName name_of(const Device& device) {
  switch (device.kind) {
    case DeviceKind::kCuda:
      return {kCuda, device.number};
    case DeviceKind::kCpu:
      return {kCpu};
    case DeviceKind::kReference:
      return {kReference};
  }
  return {};
}

/// Absent where there is none of this name.
std::optional<DeviceKind> kind_named(std::string_view name) {
  if (name == kCuda) return DeviceKind::kCuda;
  if (name == kCpu) return DeviceKind::kCpu;
  if (name == kReference) return DeviceKind::kReference;
  return std::nullopt;
}

std::string text_of(std::span<const Device> devices) {
  std::vector<DeviceName> names;
  for (const Device& device : devices) names.push_back(name_of(device));
  return text_of(std::span<const DeviceName>(names));
}

std::string cuda_name(std::size_t gpu) { return text_of(Device{DeviceKind::kCuda, gpu}); }

std::string describe(const CudaDeviceInfo& gpu) {
  return fmt::format("{}, compute capability {}.{}, {}", gpu.name, gpu.major, gpu.minor,
                     gigabytes(gpu.memory_bytes));
}

std::uint64_t pool_bytes(const Environment& environment) {
  constexpr WholeRange kMebibytes = {.high = std::uint64_t{1} << 24};  // 16 TiB
  const std::string text = environment(kMemoryVariable).value_or("");
  if (text.empty()) return 0;
  const std::optional<std::uint64_t> mebibytes = parse_whole(text, kMebibytes);
  if (!mebibytes) {
    refuse_value(kMemoryVariable, text,
                 fmt::format("the MiB of each GPU that a run may fill, a whole number from 0 (all "
                             "that is free) to {}",
                             kMebibytes.high));
  }
  return *mebibytes << 20;
}

}  // namespace

std::string text_of(const Device& device) { return text_of(name_of(device)); }

DeviceRegistry::DeviceRegistry(const Environment& environment)
    : DeviceRegistry(environment, [path = environment(kPluginVariable).value_or("")] {
        return load_cuda_plugin(cuda_plugin_paths(path));
      }) {}

DeviceRegistry::DeviceRegistry(const Environment& environment, LoadPlugin load_plugin)
    : load_plugin_(std::move(load_plugin)), cuda_pool_bytes_(pool_bytes(environment)) {}

const LoadedCudaPlugin& DeviceRegistry::cuda() {
  if (!cuda_) cuda_ = load_plugin_();
  return *cuda_;
}

std::string DeviceRegistry::reason_against(std::size_t gpu) {
  try {
    return cuda().plugin->info(gpu).reason;
  } catch (const DeviceError& error) {
    return error.what();
  }
}

std::vector<std::size_t> DeviceRegistry::usable_gpus(std::vector<std::string>& passed_over) {
  std::vector<std::size_t> usable;
  if (cuda().plugin == nullptr) {
    passed_over.push_back(fmt::format("{}: not used ({})", kCuda, cuda().reason));
    return usable;
  }
  for (std::size_t gpu = 0; gpu < cuda().plugin->device_count(); ++gpu) {
    const std::string reason = reason_against(gpu);
    if (reason.empty()) {
      usable.push_back(gpu);
    } else {
      passed_over.push_back(fmt::format("{}: not used ({})", cuda_name(gpu), reason));
    }
  }
  return usable;
}

std::string DeviceRegistry::usable_names() {
  std::string names = kAuto;
  std::vector<std::string> unused;
  const std::vector<std::size_t> gpus = usable_gpus(unused);
  if (!gpus.empty()) names += fmt::format(", {}", kCuda);
  for (const std::size_t gpu : gpus) names += fmt::format(", {}", cuda_name(gpu));
  return fmt::format("{}, {}, {}", names, kCpu, kReference);
}

/// False where there is none.
bool DeviceRegistry::add_all_gpus(DeviceChoice& choice) {
  const std::vector<std::size_t> gpus = usable_gpus(choice.passed_over);
  for (const std::size_t gpu : gpus) choice.devices.push_back({DeviceKind::kCuda, gpu});
  choice.all_gpus = true;
  return !gpus.empty();
}

void DeviceRegistry::add_cuda(const DeviceName& name, const std::string& wanted,
                              DeviceChoice& choice) {
  const auto refuse = [&](const std::string& what) {
    throw DeviceError(fmt::format("device '{}' cannot be used: {}. Use one of: {}.", wanted, what,
                                  usable_names()));
  };
  if (cuda().plugin == nullptr) refuse(cuda().reason);
  if (!name.number) {
    if (!add_all_gpus(choice)) refuse(fmt::format("{}", fmt::join(choice.passed_over, "; ")));
    return;
  }
  const std::size_t count = cuda().plugin->device_count();
  if (*name.number >= count) {
    refuse(fmt::format("there {} {} here, with the numbers inside CUDA_VISIBLE_DEVICES, from 0",
                       count == 1 ? "is" : "are", counted(count, "GPU")));
  }
  const std::string reason = reason_against(*name.number);
  if (!reason.empty()) refuse(fmt::format("{}: {}", text_of(name), reason));
  choice.devices.push_back({DeviceKind::kCuda, *name.number});
}

/// The last bits of a sequence's result depend on the device that takes its batch.
void DeviceRegistry::warn_of_mixes(DeviceChoice& choice) {
  const auto& devices = choice.devices;
  const auto warn = [&](const char* what) {
    choice.warnings.push_back(
        fmt::format("{} compute together, {}: scores depend in their last digits on which of them "
                    "took which batch, so that another run may differ by some bytes",
                    choice.name, what));
  };
  const auto is_other_kind = [&](const Device& device) {
    return device.kind != devices.front().kind;
  };
  if (std::ranges::any_of(devices, is_other_kind)) return warn("which are of different kinds");
  if (devices.size() < 2 || devices.front().kind != DeviceKind::kCuda) return;
  const CudaDeviceInfo first = cuda().plugin->info(devices.front().number);
  for (const Device& device : devices) {
    const CudaDeviceInfo info = cuda().plugin->info(device.number);
    if (info.major == first.major && info.minor == first.minor) continue;
    return warn("whose compute capabilities differ");
  }
}

DeviceChoice DeviceRegistry::choose_best() {
  DeviceChoice choice;
  choice.else_cpu = true;
  if (!add_all_gpus(choice)) choice.devices.push_back({DeviceKind::kCpu});
  return choice;
}

DeviceChoice DeviceRegistry::choose(const std::string& wanted) {
  DeviceChoice choice;
  if (wanted == kAuto) {
    choice = choose_best();
  } else {
    for (const DeviceName& name : parse_device_names(wanted)) {
      const std::optional<DeviceKind> kind = kind_named(name.kind);
      if (kind == DeviceKind::kCuda) {
        add_cuda(name, wanted, choice);
      } else if (!kind) {
        throw DeviceError(
            fmt::format("{} device '{}'. Use one of: {} ('virnucpro devices' shows them){}.",
                        name.kind == kAuto ? "unusable" : "unknown", wanted, usable_names(),
                        name.kind == kAuto ? "; auto stands alone" : ""));
      } else if (name.number) {
        throw DeviceError(fmt::format("device '{}': {} has no numbered devices. Use one of: {}.",
                                      wanted, name.kind, usable_names()));
      } else {
        choice.devices.push_back({*kind});
      }
    }
  }
  settle(choice, choice.devices);
  return choice;
}

void DeviceRegistry::settle(DeviceChoice& choice, std::vector<Device> devices) {
  choice.devices = std::move(devices);
  choice.name = text_of(choice.devices);
  choice.warnings.clear();
  warn_of_mixes(choice);
}

/// Null when the GPU is skipped.
std::shared_ptr<CudaDevice> DeviceRegistry::open(const Device& gpu, std::size_t contexts,
                                                 DeviceChoice& choice) {
  try {
    return cuda().plugin->open(gpu.number, cuda_pool_bytes_, contexts);
  } catch (const DeviceError& error) {
    if (!choice.all_gpus) throw;
    choice.passed_over.push_back(fmt::format("{}: not used ({})", text_of(gpu), error.what()));
    return nullptr;
  }
}

void DeviceRegistry::list_cuda(std::vector<DeviceInfo>& devices) {
  if (cuda().plugin == nullptr) {
    DeviceInfo& info = devices.emplace_back();
    info.name = kCuda;
    info.reason = cuda().reason;
    return;
  }
  for (std::size_t gpu = 0; gpu < cuda().plugin->device_count(); ++gpu) {
    DeviceInfo& info = devices.emplace_back();
    info.name = cuda_name(gpu);
    info.reason = reason_against(gpu);
    info.usable = info.reason.empty();
    if (!info.usable) continue;
    const CudaDeviceInfo found = cuda().plugin->info(gpu);
    info.description = describe(found);
    info.offers = fmt::format("tensor cores of compute capability {}.{}; {}", found.major,
                              found.minor, counted(kCudaLanes, "lane"));
    info.precisions = cuda_precision_costs(found.major, found.minor);
    info.offered = precisions_of(info.precisions);
  }
}

std::vector<DeviceInfo> DeviceRegistry::list(std::size_t threads) {
  std::vector<DeviceInfo> devices;
  list_cuda(devices);
  devices.push_back(describe_cpu(threads));
  devices.push_back(describe_reference());
  return devices;
}

Workers DeviceRegistry::create_workers(DeviceChoice& choice, std::size_t threads) {
  Workers workers;
  std::vector<Device> opened;
  const auto add = [&](const Device& device) {
    Workers more;
    if (device.kind == DeviceKind::kCuda) {
      const std::shared_ptr<CudaDevice> gpu = open(device, kCudaLanes, choice);
      if (gpu == nullptr) return;
      for (std::size_t i = 0; i < kCudaLanes; ++i) more.backends.push_back(gpu->create_backend());
      workers.gpus.push_back({text_of(device), more.backends.front()->description(), gpu});
      more.threads = kCudaLanes;
    } else if (device.kind == DeviceKind::kCpu) {
      more = virnucpro::create_workers(plan_cpu_workers(threads));
      workers.numa_nodes = more.numa_nodes;
    } else {
      more.backends.push_back(std::make_unique<ReferenceBackend>());
      more.threads = 1;
    }
    workers.lanes.push_back(more.backends.size());
    workers.threads += more.threads;
    std::ranges::move(more.backends, std::back_inserter(workers.backends));
    opened.push_back(device);
  };
  for (const Device& device : choice.devices) add(device);
  if (opened.empty() && choice.else_cpu) add({DeviceKind::kCpu});
  if (opened.empty()) refuse_all(choice);
  if (opened != choice.devices) settle(choice, std::move(opened));
  return workers;
}

std::unique_ptr<Backend> DeviceRegistry::create_backend(DeviceChoice& choice, std::size_t threads) {
  std::vector<Device> candidates = choice.devices;
  if (choice.else_cpu) candidates.push_back({DeviceKind::kCpu});
  for (const Device& device : candidates) {
    std::unique_ptr<Backend> backend;
    if (device.kind == DeviceKind::kCuda) {
      const std::shared_ptr<CudaDevice> gpu = open(device, 1, choice);
      if (gpu == nullptr) continue;
      backend = gpu->create_backend();
    } else if (device.kind == DeviceKind::kCpu) {
      backend = std::make_unique<CpuBackend>(threads);
    } else {
      backend = std::make_unique<ReferenceBackend>();
    }
    settle(choice, {device});
    return backend;
  }
  refuse_all(choice);
}

std::unique_ptr<Backend> create_backend(const std::string& name, std::size_t threads) {
  DeviceRegistry registry(process_environment());
  DeviceChoice choice = registry.choose(name);
  return registry.create_backend(choice, threads);
}

Workers create_workers(const std::string& name, std::size_t threads) {
  DeviceRegistry registry(process_environment());
  DeviceChoice choice = registry.choose(name);
  return registry.create_workers(choice, threads);
}

Workers create_workers(const CpuPlan& plan) {
  Workers workers;
  for (const CpuWorker& worker : plan.workers) {
    workers.backends.push_back(std::make_unique<CpuBackend>(worker.threads, worker.cores));
  }
  workers.lanes = {workers.backends.size()};
  workers.threads = plan.threads();
  workers.numa_nodes = plan.numa_nodes;
  return workers;
}

}  // namespace virnucpro
