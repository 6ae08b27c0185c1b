// The same models in FP32, for the few sequences that need it.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "devices/load_models.h"

namespace virnucpro {

/// Loaded when a sequence first asks for them, then shared by all workers of a device. Thread-safe.
class ExactModels {
 public:
  /// `load` prepares them on a backend, which belongs to the calling thread.
  using Load = std::function<LoadedModels(Backend& backend)>;

  explicit ExactModels(Load load) : load_(std::move(load)) {}

  /// Throws what loading throws, and tries again at the next call.
  const LoadedModels& get(Backend& backend) {
    const std::lock_guard lock(mutex_);
    if (!models_) models_.emplace(load_(backend));
    return *models_;
  }

  /// The same for engines, which must not outlive it.
  std::function<ModelSet(Backend& backend)> for_engines() {
    return [this](Backend& backend) { return get(backend).model_set(); };
  }

 private:
  const Load load_;
  std::mutex mutex_;
  std::optional<LoadedModels> models_;
};

}  // namespace virnucpro
