// The registry of backends: which devices this program can compute on, best first, and why not.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace virnucpro {

/// One entry of the registry. `reason` says why it is not usable or, where it is, not chosen.
struct DeviceInfo {
  std::string name;
  bool usable = false;
  std::string description;  ///< of a usable one: processor, instruction set, threads
  std::string reason;
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

/// `name` as chosen above. Thread-safe.
std::unique_ptr<Backend> create_backend(const std::string& name, std::size_t threads);

/// The threads that `threads` of the settings stand for on the device.
std::size_t thread_count(const std::string& name, std::size_t threads);

}  // namespace virnucpro
