// Opens GPUs for tests, and closes them while the driver still runs.
#include "support/cuda_devices.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <system_error>

#include "backend/cuda/plugin_loader.h"

namespace virnucpro::testing_support {
namespace {

constexpr std::size_t kContexts = 4;  // a test's own, and a few beside it

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

/// The program's own paths, and where this build puts the plug-in beside build/<preset>/tests/.
std::vector<std::string> plugin_paths() {
  const std::string override_path = environment("VIRNUCPRO_CUDA_PLUGIN");
  std::vector<std::string> paths = cuda_plugin_paths(override_path);
  if (!override_path.empty()) return paths;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  paths.push_back(program.parent_path() / "../src/backend/cuda/libvirnucpro_cuda.so");
  return paths;
}

/// Owned by GoogleTest, which tears it down before static objects and libraries go.
class CudaEnvironment : public testing::Environment {
 public:
  void TearDown() override {
    devices_.clear();
    loaded_ = {};
    is_loaded_ = false;
  }

  const CudaTestDevice& device(std::size_t gpu, std::uint64_t pool_bytes) {
    const auto known = devices_.find(gpu);
    if (known != devices_.end()) return known->second;
    return devices_[gpu] = open(gpu, pool_bytes);
  }

 private:
  CudaTestDevice open(std::size_t gpu, std::uint64_t pool_bytes) {
    if (!is_loaded_) {
      loaded_ = load_cuda_plugin(plugin_paths());
      is_loaded_ = true;
    }
    if (loaded_.plugin == nullptr) return {nullptr, "", loaded_.reason};
    const std::size_t count = loaded_.plugin->device_count();
    if (gpu >= count) {
      return {nullptr, "", fmt::format("{} of {} GPUs is not there", gpu, count)};
    }
    const CudaDeviceInfo info = loaded_.plugin->info(gpu);
    if (!info.reason.empty()) return {nullptr, info.name, info.reason};
    return {loaded_.plugin->open(gpu, pool_bytes, kContexts), info.name, ""};
  }

  bool is_loaded_ = false;
  LoadedCudaPlugin loaded_;
  std::map<std::size_t, CudaTestDevice> devices_;
};

CudaEnvironment* const cuda_environment =
    static_cast<CudaEnvironment*>(testing::AddGlobalTestEnvironment(new CudaEnvironment));

}  // namespace

std::vector<std::size_t> listed_gpus() {
  const std::string count = environment("VIRNUCPRO_TEST_GPUS");
  const unsigned long wanted = count.empty() ? 1 : std::stoul(count);
  std::vector<std::size_t> gpus;
  for (std::size_t gpu = 0; gpu < wanted; ++gpu) gpus.push_back(gpu);
  return gpus;
}

const CudaTestDevice& cuda_test_device(std::size_t gpu, std::uint64_t pool_bytes) {
  return cuda_environment->device(gpu, pool_bytes);
}

}  // namespace virnucpro::testing_support
