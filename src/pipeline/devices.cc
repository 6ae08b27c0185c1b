#include "pipeline/devices.h"

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/processor.h"
#include "backend/reference/reference_backend.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

/// One kind of device. Rows stand best first; a new backend is a new row.
struct Entry {
  const char* name;
  /// Null: not built into this program.
  std::unique_ptr<Backend> (*create)(std::size_t threads);
  std::size_t (*threads)(std::size_t asked);
  /// Why it is never chosen by "auto"; null when it may be.
  const char* reason;
};

std::size_t cpu_threads(std::size_t asked) { return asked == 0 ? usable_cores() : asked; }

const Entry kEntries[] = {
    {"cuda", nullptr, nullptr, "not built into this program"},
    {"cpu",
     [](std::size_t threads) -> std::unique_ptr<Backend> {
       return std::make_unique<CpuBackend>(threads);
     },
     cpu_threads, nullptr},
    {"reference",
     [](std::size_t) -> std::unique_ptr<Backend> { return std::make_unique<ReferenceBackend>(); },
     [](std::size_t) -> std::size_t { return 1; },
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

std::size_t thread_count(const std::string& name, std::size_t threads) {
  return find_usable(name).threads(threads);
}

}  // namespace virnucpro
