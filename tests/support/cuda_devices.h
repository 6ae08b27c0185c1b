// The GPUs that tests may use, opened once per test program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/cuda/plugin.h"

namespace virnucpro::testing_support {

/// `device` is null when this GPU cannot be used: `reason` says why. `name` is the driver's.
struct CudaTestDevice {
  std::shared_ptr<CudaDevice> device;
  std::string name;
  std::string reason;
};

/// The numbers of the GPUs that tests are listed for, whether they exist or not: as many as
/// VIRNUCPRO_TEST_GPUS says, else one. Needs no driver, so that listing tests gives the same names
/// everywhere.
std::vector<std::size_t> listed_gpus();

/// Opened at the first call with a pool of `pool_bytes`, and closed after the last test. The
/// plug-in is that of VIRNUCPRO_CUDA_PLUGIN, else the one beside the program or of this build.
/// Throws DeviceError when a GPU that should work does not.
const CudaTestDevice& cuda_test_device(std::size_t gpu, std::uint64_t pool_bytes);

}  // namespace virnucpro::testing_support
