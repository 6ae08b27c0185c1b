// A machine whose GPUs compute on the CPU, and the registry that finds them.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/errors.h"
#include "devices/devices.h"
#include "support/fake_cuda.h"

namespace virnucpro::test {

inline Environment environment_of(std::map<std::string, std::string> variables = {}) {
  return [variables](const std::string& name) -> std::optional<std::string> {
    const auto variable = variables.find(name);
    if (variable == variables.end()) return std::nullopt;
    return variable->second;
  };
}

/// A machine with GPUs, by their compute capability.
struct Machine {
  explicit Machine(const std::vector<int>& majors,
                   std::map<std::string, std::string> variables = {}) {
    for (const int major : majors) gpus.push_back(std::make_shared<FakeGpu>(major));
    registry.emplace(environment_of(std::move(variables)), [this] {
      ++loaded;
      return LoadedCudaPlugin{std::make_shared<FakeCudaPlugin>(gpus), "fake", ""};
    });
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  Workers workers(const std::string& wanted) {
    DeviceChoice choice = registry->choose(wanted);
    return registry->create_workers(choice, 1);
  }
  std::string refusal(const std::string& wanted) {
    try {
      workers(wanted);
    } catch (const DeviceError& error) {
      return error.what();
    }
    return "no DeviceError";
  }

  std::vector<std::shared_ptr<FakeGpu>> gpus;
  std::optional<DeviceRegistry> registry;
  int loaded = 0;
};

}  // namespace virnucpro::test
