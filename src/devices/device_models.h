// The models of a run, prepared once for each of its devices.
#pragma once

#include <deque>
#include <functional>
#include <vector>

#include "devices/devices.h"
#include "devices/load_models.h"

namespace virnucpro {

/// Borrows the workers, which outlive it. Immutable once made.
class DeviceModels {
 public:
  /// Prepares the models on a backend; called by one thread at a time for one device, and for
  /// several devices side by side.
  using Load = std::function<LoadedModels(Backend& backend)>;

  /// Calls `load` with the first backend of each device. Throws what loading throws; DeviceError
  /// naming the device that has no room; ResourceError where the system refuses a thread.
  DeviceModels(const Workers& workers, const Load& load);

  /// The models of the first device.
  const LoadedModels& front() const { return models_.front(); }
  /// For each backend, the models of its device.
  const std::vector<const LoadedModels*>& by_backend() const { return by_backend_; }

 private:
  std::deque<LoadedModels> models_;  // by device
  std::vector<const LoadedModels*> by_backend_;
};

}  // namespace virnucpro
