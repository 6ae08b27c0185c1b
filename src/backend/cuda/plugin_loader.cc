#include "backend/cuda/plugin_loader.h"

#include <dlfcn.h>

#include <filesystem>
#include <system_error>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLibrary = "libvirnucpro_cuda.so";
constexpr const char* kDriver = "libcuda.so.1";

std::string last_error() {
  const char* message = dlerror();
  return message == nullptr ? "unknown error" : message;
}

fs::path program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path();
}

/// The plug-in in `library`, whose functions have been looked up by name.
LoadedCudaPlugin plugin_in(void* library, const std::string& path) {
  LoadedCudaPlugin loaded;
  loaded.path = path;
  const auto interface =
      reinterpret_cast<CudaInterfaceFunction>(dlsym(library, kCudaInterfaceFunction));
  const auto create = reinterpret_cast<CudaPluginFunction>(dlsym(library, kCudaPluginFunction));
  if (interface == nullptr || create == nullptr) {
    loaded.reason = fmt::format("{} is no plug-in of this program", path);
    return loaded;
  }
  if (std::string_view(interface()) != cuda_interface()) {
    loaded.reason = fmt::format("{} is of another version of this program ('{}', expected '{}')",
                                path, interface(), cuda_interface());
    return loaded;
  }
  std::shared_ptr<CudaPlugin> plugin(create());
  if (plugin == nullptr) {
    loaded.reason = fmt::format("{} could not start", path);
    return loaded;
  }
  try {
    if (plugin->device_count() == 0) {
      loaded.reason = "no GPU is visible; CUDA_VISIBLE_DEVICES may hide it";
      return loaded;
    }
  } catch (const DeviceError& error) {
    loaded.reason = error.what();
    return loaded;
  }
  loaded.plugin = std::move(plugin);
  return loaded;
}

}  // namespace

std::vector<std::string> cuda_plugin_paths(const std::string& override_path) {
  if (!override_path.empty()) return {override_path};
  const fs::path folder = program_folder();
  // The program in bin/ or build/<preset>/src/cli/, the plug-in in lib/virnucpro/ or
  // build/<preset>/src/backend/cuda/.
  return {folder / kLibrary, folder / "../lib/virnucpro" / kLibrary,
          folder / "../backend/cuda" / kLibrary};
}

LoadedCudaPlugin load_cuda_plugin(const std::vector<std::string>& paths) {
  LoadedCudaPlugin loaded;
  // Tried before the plug-in, whose libraries are large: without a driver there is nothing to use.
  if (dlopen(kDriver, RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    const std::string error = last_error();
    const bool is_missing = error.find("No such file") != std::string::npos;
    loaded.reason = is_missing ? "no NVIDIA driver" : fmt::format("no NVIDIA driver: {}", error);
    return loaded;
  }
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::exists(path, error)) continue;
    void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr) return plugin_in(library, path);
    loaded.path = path;
    loaded.reason = fmt::format(
        "{} cannot be loaded: {}. libcublasLt comes with the CUDA toolkit: LD_LIBRARY_PATH must "
        "name its folder where the system does not",
        path, last_error());
    return loaded;
  }
  loaded.reason = fmt::format("the plug-in {} is not installed", kLibrary);
  return loaded;
}

}  // namespace virnucpro
