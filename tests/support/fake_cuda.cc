#include "support/fake_cuda.h"

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "backend/cpu/cpu_backend.h"
#include "backend/forwarding_backend.h"
#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::test {
namespace {

class Lane final : public ForwardingBackend {
 public:
  Lane(std::unique_ptr<Backend> inner, std::shared_ptr<FakeGpu> gpu, std::string name)
      : ForwardingBackend(inner.get()),
        owned_(std::move(inner)),
        gpu_(std::move(gpu)),
        name_(std::move(name)) {
    ++gpu_->lanes;
  }

  std::string_view name() const override { return name_; }
  std::string description() const override {
    if (gpu_->pool_bytes == 0) return "fake GPU " + name_;
    return fmt::format("fake GPU {} with {} MiB", name_, gpu_->pool_bytes >> 20);
  }
  std::optional<BatchRoom> batch_room() const override { return gpu_->room; }

 private:
  std::unique_ptr<ops::LinearWeight> do_prepare_linear(
      const HostTensor& weight, DataType type, std::span<const std::int32_t> kept) override {
    return own(ForwardingBackend::do_prepare_linear(weight, type, kept));
  }
  std::unique_ptr<ops::LinearWeight> do_prepare_linear_parts(
      std::span<const HostTensor> parts, DataType type,
      std::span<const std::int32_t> kept) override {
    return own(ForwardingBackend::do_prepare_linear_parts(parts, type, kept));
  }
  std::unique_ptr<ops::LinearWeight> do_prepare_quantized(
      std::span<const QuantizedWeight> parts, std::span<const std::int32_t> kept) override {
    return own(ForwardingBackend::do_prepare_quantized(parts, kept));
  }
  std::unique_ptr<ops::LinearWeight> own(std::unique_ptr<ops::LinearWeight> weight) {
    const std::lock_guard lock(gpu_->mutex);
    gpu_->weights.insert(weight.get());
    return weight;
  }

  void do_linear(const ops::Linear& op) override {
    {
      const std::lock_guard lock(gpu_->mutex);
      check(gpu_->weights.contains(op.weight), "{}: a weight of another device", name_);
    }
    const std::uint64_t operation = ++gpu_->operations;
    if (gpu_->lost_at != 0 && operation >= gpu_->lost_at) {
      throw DeviceError(name_ + ": fell off the bus, as the test wants");
    }
    ForwardingBackend::do_linear(op);
    is_exact_ = op.weight->type() == DataType::kFloat32;
  }
  void do_mean_pool(const ops::MeanPool& op) override {
    std::this_thread::sleep_for(gpu_->slowness);
    ForwardingBackend::do_mean_pool(op);
    ++gpu_->batches;
    if (!gpu_->overflows || is_exact_) return;
    for (std::int64_t i = 0; i < op.sequences.count(); ++i) {
      if (op.sequences.length(i) % 2 != 0) continue;
      std::fill_n(static_cast<float*>(op.output.data) + i * op.output.stride, op.output.columns,
                  std::numeric_limits<float>::quiet_NaN());
    }
  }

  std::unique_ptr<Backend> owned_;
  std::shared_ptr<FakeGpu> gpu_;
  std::string name_;
  bool is_exact_ = false;
};

class Device final : public CudaDevice {
 public:
  Device(std::shared_ptr<FakeGpu> gpu, std::string name)
      : gpu_(std::move(gpu)), name_(std::move(name)) {}

  std::unique_ptr<Backend> create_backend() override {
    return std::make_unique<Lane>(std::make_unique<CpuBackend>(1), gpu_, name_);
  }
  std::uint64_t used_bytes() const override { return 0; }
  std::uint64_t peak_bytes() const override { return 0; }
  void restart_peak() override {}
  double measure_matmul_ceiling(Precision, double) override { return 1e12; }

 private:
  std::shared_ptr<FakeGpu> gpu_;
  std::string name_;
};

}  // namespace

CudaDeviceInfo FakeCudaPlugin::info(std::size_t device) {
  const FakeGpu& gpu = *gpus.at(device);
  CudaDeviceInfo info;
  info.name = "Fake GPU";
  info.major = gpu.major;
  info.memory_bytes = 80'000'000'000;
  info.reason = gpu.reason;
  return info;
}

std::shared_ptr<CudaDevice> FakeCudaPlugin::open(std::size_t device, std::uint64_t pool_bytes,
                                                 std::size_t contexts) {
  const std::shared_ptr<FakeGpu>& gpu = gpus.at(device);
  if (gpu->is_full) throw OutOfDeviceMemory("3 of 80000 MiB are free");
  ++gpu->opened;
  gpu->pool_bytes = pool_bytes;
  gpu->contexts = contexts;
  return std::make_shared<Device>(gpu, fmt::format("cuda:{}", device));
}

}  // namespace virnucpro::test
