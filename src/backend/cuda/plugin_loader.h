// Finds and opens the CUDA plug-in, or says why not.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/cuda/plugin.h"

namespace virnucpro {

/// `plugin` is null when the GPU path cannot be used: then `reason` says why and what to do.
struct LoadedCudaPlugin {
  std::shared_ptr<CudaPlugin> plugin;
  std::string path;
  std::string reason;
};

/// Where the plug-in is looked for, in order: `override_path` alone where it is not empty; else
/// beside this program, in ../lib/virnucpro beside it, and in the build folder's place for it.
std::vector<std::string> cuda_plugin_paths(const std::string& override_path);

/// Opens libvirnucpro_cuda.so once a driver is present, and checks that it is of this build and
/// finds a device. Never throws for what a machine lacks. The library stays loaded.
LoadedCudaPlugin load_cuda_plugin(const std::vector<std::string>& paths);

}  // namespace virnucpro
