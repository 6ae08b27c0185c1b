// The functions that libvirnucpro_cuda.so exports, and what they give.
#include "backend/cuda/plugin.h"

#include <algorithm>
#include <exception>

#include "backend/cuda/device/cuda_backend.h"
#include "backend/cuda/device/kernels/kernels.h"
#include "backend/cuda/device/status.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::cuda {
namespace {

// The oldest compute capability (major number) that the kernels are compiled for.
constexpr int kOldestMajor = 8;

class OpenDevice final : public CudaDevice {
 public:
  explicit OpenDevice(std::shared_ptr<DeviceState> state) : state_(std::move(state)) {}

  std::unique_ptr<Backend> create_backend() override {
    return std::make_unique<CudaBackend>(state_);
  }
  std::uint64_t used_bytes() const override { return state_->pool->used(); }
  std::uint64_t peak_bytes() const override { return state_->pool->peak(); }
  void restart_peak() override { state_->pool->restart_peak(); }
  double measure_matmul_ceiling(Precision precision, double seconds) override;

 private:
  const std::shared_ptr<DeviceState> state_;
};

/// Square products of 8192, the size that vendors and others quote.
double OpenDevice::measure_matmul_ceiling(Precision precision, double seconds) {
  constexpr std::int64_t kSize = 8192;
  constexpr std::int64_t kElements = kSize * kSize;
  constexpr double kFlops = 2.0 * kSize * kSize * kSize;
  const DataType type = linear_type(precision);
  const DataType output_type = type == DataType::kInt8         ? DataType::kInt32
                               : type == DataType::kFloat8E4M3 ? DataType::kFloat16
                                                               : type;
  const DeviceStream stream(state_->device, state_->pool, [] { return std::size_t{0}; });
  const auto matrix = [&](DataType t) {
    return state_->pool->take_shared(static_cast<std::size_t>(kElements) * size_of(t));
  };
  const std::shared_ptr<void> weight = matrix(type);
  const std::shared_ptr<void> input = matrix(type);
  const std::shared_ptr<void> output = matrix(output_type);
  const std::shared_ptr<void> workspace = state_->pool->take_shared(Products::kWorkspace);
  launch_random_fill(weight.get(), type, kElements, stream.get());
  launch_random_fill(input.get(), type, kElements, stream.get());
  stream.wait();
  const ProductShape shape{.outputs = kSize,
                           .inputs = kSize,
                           .type = type,
                           .output_type = output_type,
                           .input_stride = kSize,
                           .weight_stride = kSize,
                           .output_stride = kSize};
  const ProductOperands operands{
      .weight = weight.get(), .input = input.get(), .output = output.get(), .rows = kSize};
  const Event begin = make_event();
  const Event end = make_event();
  const auto time = [&](int count) {
    check_cuda(cudaEventRecord(begin.get(), stream.get()), "time products");
    for (int i = 0; i < count; ++i) {
      state_->products->run(shape, operands, stream.get(), workspace.get());
    }
    check_cuda(cudaEventRecord(end.get(), stream.get()), "time products");
    check_cuda(cudaEventSynchronize(end.get()), "time products");
    float milliseconds = 0.0f;
    check_cuda(cudaEventElapsedTime(&milliseconds, begin.get(), end.get()), "time products");
    return static_cast<double>(milliseconds) / 1000.0 / count;
  };
  time(1);  // chooses the algorithm
  const double one = std::max(time(3), 1e-6);
  const int count = static_cast<int>(std::clamp(seconds / one, 3.0, 10000.0));
  const double mean = time(count);
  stream.wait();
  return kFlops / mean;
}

class Plugin final : public CudaPlugin {
 public:
  std::size_t device_count() override {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaErrorNoDevice) return 0;
    if (status == cudaErrorInsufficientDriver) {
      int driver = 0;
      int runtime = 0;
      cudaDriverGetVersion(&driver);
      cudaRuntimeGetVersion(&runtime);
      throw DeviceError(
          fmt::format("the NVIDIA driver offers CUDA {}.{}, and this program needs {}.{}; a newer "
                      "driver is needed",
                      driver / 1000, driver % 1000 / 10, runtime / 1000, runtime % 1000 / 10));
    }
    check_cuda(status, "be counted");
    return static_cast<std::size_t>(count);
  }

  CudaDeviceInfo info(std::size_t device) override {
    cudaDeviceProp properties{};
    check_cuda(cudaGetDeviceProperties(&properties, static_cast<int>(device)), "describe itself");
    CudaDeviceInfo info{.name = properties.name,
                        .major = properties.major,
                        .minor = properties.minor,
                        .memory_bytes = properties.totalGlobalMem,
                        .reason = {}};
    if (properties.major < kOldestMajor) {
      info.reason = fmt::format("compute capability {}.{}, at least {}.0 (Ampere) is needed",
                                properties.major, properties.minor, kOldestMajor);
    }
    return info;
  }

  std::shared_ptr<CudaDevice> open(std::size_t device, std::uint64_t pool_bytes,
                                   std::size_t contexts) override {
    return std::make_shared<OpenDevice>(
        std::make_shared<DeviceState>(static_cast<int>(device), pool_bytes, contexts));
  }
};

}  // namespace
}  // namespace virnucpro::cuda

extern "C" {

__attribute__((visibility("default"))) const char* virnucpro_cuda_interface() {
  return virnucpro::cuda_interface();
}

__attribute__((visibility("default"))) virnucpro::CudaPlugin* virnucpro_cuda_plugin() {
  try {
    return new virnucpro::cuda::Plugin;
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // extern "C"
