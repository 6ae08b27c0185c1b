// A CUDA plug-in without GPUs: its devices compute on the CPU and keep count.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/cuda/plugin.h"

namespace virnucpro::test {

/// The properties of one device, and what happened to it. Thread-safe where several lanes write.
struct FakeGpu {
  explicit FakeGpu(int major_version = 9) : major(major_version) {}

  int major;                              ///< of its compute capability
  std::string reason;                     ///< why it cannot be used
  bool is_full = false;                   ///< with other programs' memory: it cannot be opened
  std::uint64_t lost_at = 0;              ///< its dense layer, from 1, at which it is lost
  std::chrono::milliseconds slowness{0};  ///< of each batch
  std::optional<BatchRoom> room;
  /// Sequences of an even length get embeddings of NaN, except from FP32 weights.
  bool overflows = false;

  std::size_t opened = 0;
  std::uint64_t pool_bytes = 0;
  std::size_t contexts = 0;
  std::atomic<std::size_t> lanes{0};
  std::atomic<std::uint64_t> operations{0};  ///< dense layers
  std::atomic<std::uint64_t> batches{0};
  std::mutex mutex;
  /// Weights that were prepared here. Weights of another device are a ContractError.
  std::set<const void*> weights;
};

class FakeCudaPlugin final : public CudaPlugin {
 public:
  /// Its devices are named cuda:0, cuda:1 ...
  explicit FakeCudaPlugin(std::vector<std::shared_ptr<FakeGpu>> devices)
      : gpus(std::move(devices)) {}

  std::size_t device_count() override { return gpus.size(); }
  CudaDeviceInfo info(std::size_t device) override;
  std::shared_ptr<CudaDevice> open(std::size_t device, std::uint64_t pool_bytes,
                                   std::size_t contexts) override;

  std::vector<std::shared_ptr<FakeGpu>> gpus;
};

}  // namespace virnucpro::test
