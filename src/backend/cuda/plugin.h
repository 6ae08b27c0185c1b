// What libvirnucpro_cuda.so offers the program that opens it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "backend/backend.h"
#include "tensor/precision.h"

namespace virnucpro {

/// A GPU as its driver describes it.
struct CudaDeviceInfo {
  std::string name;  ///< "NVIDIA H100 80GB HBM3"
  int major = 0;     ///< compute capability
  int minor = 0;
  std::uint64_t memory_bytes = 0;
  std::string reason;  ///< why it cannot be used; empty: it can
};

/// True for compute capabilities whose tensor cores multiply E4M3: Ada and Hopper, and later ones.
constexpr bool has_fp8(int major, int minor) { return major > 8 || (major == 8 && minor >= 9); }

/// One opened GPU: its memory pool, and the contexts that work on it side by side. Thread-safe.
class CudaDevice {
 public:
  virtual ~CudaDevice() = default;

  /// A stream, a matrix library handle and staging memory of its own. Models prepared for one
  /// context serve all contexts of this device. Keeps the device open.
  virtual std::unique_ptr<Backend> create_backend() = 0;
  /// Bytes of the pool that are in use now, and the largest number so far.
  virtual std::uint64_t used_bytes() const = 0;
  virtual std::uint64_t peak_bytes() const = 0;
  virtual void restart_peak() = 0;
  /// FLOP/s of large matrix products by the matrix library, on random values in the type that
  /// products of `precision` use; measured for about `seconds`.
  virtual double measure_matmul_ceiling(Precision precision, double seconds) = 0;
};

/// What the plug-in offers. Its functions throw DeviceError.
class CudaPlugin {
 public:
  virtual ~CudaPlugin() = default;

  /// Devices inside CUDA_VISIBLE_DEVICES. Throws DeviceError when the driver refuses to work.
  virtual std::size_t device_count() = 0;
  virtual CudaDeviceInfo info(std::size_t device) = 0;
  /// Takes memory for weights and activations. `pool_bytes` 0: all that is free, less a reserve for
  /// the driver. `contexts`: how many backends will share it.
  virtual std::shared_ptr<CudaDevice> open(std::size_t device, std::uint64_t pool_bytes,
                                           std::size_t contexts) = 0;
};

/// A text made from the content of all headers whose types may cross the border: program and
/// plug-in must be of one source.
const char* cuda_interface();

/// The names of the two functions that the plug-in exports, and their types.
inline constexpr const char* kCudaInterfaceFunction = "virnucpro_cuda_interface";
inline constexpr const char* kCudaPluginFunction = "virnucpro_cuda_plugin";
using CudaInterfaceFunction = const char* (*)();
/// Gives the plug-in to the caller; null when it cannot be made.
using CudaPluginFunction = CudaPlugin* (*)();

}  // namespace virnucpro
