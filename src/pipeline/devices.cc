#include "pipeline/devices.h"

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/precision_costs.h"
#include "backend/cpu/processor.h"
#include "backend/reference/reference_backend.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

constexpr const char* kCpu = "cpu";

std::string counted(std::size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

/// What only the CPU can say of itself.
void describe_cpu(DeviceInfo& info, std::size_t threads) {
  const CpuPlan plan = plan_cpu_workers(threads);
  info.offers = fmt::format(
      "{}; {} with {} on {}", describe(instruction_set()), counted(plan.workers.size(), "worker"),
      counted(plan.threads(), "thread"), counted(plan.numa_nodes, "NUMA node"));
  info.precisions = precision_costs();
}

/// One kind of device. Rows stand best first; a new backend is a new row.
struct Entry {
  const char* name;
  /// Null: not built into this program.
  std::unique_ptr<Backend> (*create)(std::size_t threads);
  /// Why it is never chosen by "auto"; null when it may be.
  const char* reason;
};

const Entry kEntries[] = {
    {"cuda", nullptr, "not built into this program"},
    {kCpu,
     [](std::size_t threads) -> std::unique_ptr<Backend> {
       return std::make_unique<CpuBackend>(threads);
     },
     nullptr},
    {"reference",
     [](std::size_t) -> std::unique_ptr<Backend> { return std::make_unique<ReferenceBackend>(); },
     "plain loops to judge the others by, a hundred times slower"},
};

std::string usable_names() {
  std::string names = "auto";
  for (const Entry& entry : kEntries) {
    if (entry.create != nullptr) names += fmt::format(", {}", entry.name);
  }
  return names;
}

const Entry& find_usable(const std::string& name) {
  // "cuda:0,1" names devices of the kind before the colon.
  const std::string kind = name.substr(0, name.find(':'));
  for (const Entry& entry : kEntries) {
    if (kind != entry.name) continue;
    if (entry.create == nullptr) {
      throw DeviceError(fmt::format("device '{}' cannot be used: {}. Use one of: {}.", name,
                                    entry.reason, usable_names()));
    }
    if (kind == name) return entry;
    throw DeviceError(
        fmt::format("device '{}': {} has no numbered devices. Use '{}'.", name, kind, kind));
  }
  throw DeviceError(
      fmt::format("unknown device '{}'. Use one of: {} ('virnucpro devices' shows them).", name,
                  usable_names()));
}

}  // namespace

std::vector<DeviceInfo> list_devices(std::size_t threads) {
  std::vector<DeviceInfo> devices;
  for (const Entry& entry : kEntries) {
    DeviceInfo info;
    info.name = entry.name;
    info.usable = entry.create != nullptr;
    if (info.usable) info.description = entry.create(threads)->description();
    if (entry.reason != nullptr) info.reason = entry.reason;
    if (info.name == kCpu) describe_cpu(info, threads);
    devices.push_back(std::move(info));
  }
  return devices;
}

DeviceChoice choose_device(const std::string& wanted) {
  if (wanted != "auto") return {find_usable(wanted).name, {}};
  DeviceChoice choice;
  for (const Entry& entry : kEntries) {
    if (entry.create != nullptr && entry.reason == nullptr) {
      choice.name = entry.name;
      return choice;
    }
    choice.passed_over.push_back(fmt::format("{}: not used ({})", entry.name, entry.reason));
  }
  throw DeviceError("this program was built without any device to compute on");
}

std::unique_ptr<Backend> create_backend(const std::string& name, std::size_t threads) {
  return find_usable(name).create(threads);
}

Workers create_workers(const std::string& name, std::size_t threads) {
  const Entry& entry = find_usable(name);
  if (entry.name == std::string_view(kCpu)) return create_workers(plan_cpu_workers(threads));
  Workers workers;
  workers.backends.push_back(entry.create(threads));
  workers.threads = 1;
  return workers;
}

Workers create_workers(const CpuPlan& plan) {
  Workers workers;
  for (const CpuWorker& worker : plan.workers) {
    workers.backends.push_back(std::make_unique<CpuBackend>(worker.threads, worker.cores));
  }
  workers.threads = plan.threads();
  workers.numa_nodes = plan.numa_nodes;
  return workers;
}

std::vector<PrecisionCost> precision_costs_on(const std::string& name) {
  return name == kCpu ? precision_costs() : std::vector<PrecisionCost>();
}

}  // namespace virnucpro
