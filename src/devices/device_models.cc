#include "devices/device_models.h"

#include <cstddef>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/thread_task.h"

namespace virnucpro {
namespace {

LoadedModels load_onto(Backend& backend, const DeviceModels::Load& load) {
  try {
    return load(backend);
  } catch (const OutOfDeviceMemory& error) {
    throw DeviceError(
        fmt::format("{}: no memory for the models ({}). Free some there, name other devices with "
                    "--device, or take smaller models.",
                    backend.name(), error.what()));
  }
}

}  // namespace

DeviceModels::DeviceModels(const Workers& workers, const Load& load) {
  const std::vector<std::size_t> lanes =
      workers.lanes.empty() ? std::vector<std::size_t>{workers.backends.size()} : workers.lanes;
  check(std::accumulate(lanes.begin(), lanes.end(), std::size_t{0}) == workers.backends.size(),
        "the lanes of {} devices are not the {} backends", lanes.size(), workers.backends.size());
  // The first one alone: it reads the files, and reports a damaged bundle only once.
  std::vector<ThreadTask<LoadedModels>> others;
  std::size_t first = 0;
  for (const std::size_t count : lanes) {
    check(count > 0, "a device without a backend");
    Backend& backend = *workers.backends[first];
    if (first == 0) {
      models_.push_back(load_onto(backend, load));
    } else {
      others.emplace_back([&load, &backend] { return load_onto(backend, load); });
    }
    first += count;
  }
  for (ThreadTask<LoadedModels>& other : others) models_.push_back(other.get());
  for (std::size_t device = 0; device < lanes.size(); ++device) {
    by_backend_.insert(by_backend_.end(), lanes[device], &models_[device]);
  }
}

}  // namespace virnucpro
