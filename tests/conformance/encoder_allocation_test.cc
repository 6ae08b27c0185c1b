// Whole encoders: the second batch of one size allocates nothing on the cpu backend, and takes
// nothing more of a GPU's pool.
#include <gtest/gtest.h>

#include <memory>

#include "backend/cpu/cpu_backend.h"
#include "backend/cpu/linear_cpu.h"
#include "conformance/allocation_counter.h"
#include "models/dnabert_s.h"
#include "models/esm2.h"
#include "support/cuda_devices.h"
#include "support/synthetic_weights.h"

namespace virnucpro {
namespace {

using testing_support::synthetic_dnabert_s;
using testing_support::synthetic_esm2;

/// Sequences of these lengths, of tokens that both vocabularies have.
PackedBatch batch_of(std::initializer_list<std::int32_t> lengths) {
  PackedBatch batch;
  for (const std::int32_t length : lengths) {
    for (std::int32_t i = 0; i < length; ++i) batch.tokens.push_back(4 + i % 20);
    batch.cu_seqlens.push_back(static_cast<std::int32_t>(batch.tokens.size()));
  }
  return batch;
}

constexpr std::int64_t kLeastInputs = 64;  // of the dense layers
constexpr int kMostRounds = 1000;          // many more than it takes two lanes to meet all parts

/// (encoder, precision, threads)
using Parameters = std::tuple<std::string, Precision, std::size_t>;

class EncoderAllocation : public testing::TestWithParam<Parameters> {};

TEST_P(EncoderAllocation, ASteadyStateAllocatesNothing) {
  const auto& [name, precision, threads] = GetParam();
  if (!is_own(cpu_product(linear_type(precision), kLeastInputs))) {
    GTEST_SKIP() << "oneDNN multiplies " << name_of(precision)
                 << " here, and allocates in its calls";
  }
  CpuBackend backend(threads);
  std::unique_ptr<Encoder> encoder;
  if (name == "esm2") {
    encoder =
        std::make_unique<Esm2>(synthetic_esm2("steady", 2, kLeastInputs, 4), precision, backend);
  } else {
    encoder = std::make_unique<DnabertS>(synthetic_dnabert_s("steady", 2, kLeastInputs, 4, 128, 32),
                                         precision, backend);
  }
  Workspace workspace(backend);
  Embeddings embeddings;
  // The largest batch first: the ones after it, of any size, find all they need.
  const PackedBatch large = batch_of({170, 3, 90, 61, 170});
  const PackedBatch small = batch_of({40, 120});
  const auto allocations_of_a_round = [&] {
    const std::int64_t before = allocations_so_far();
    for (const PackedBatch* batch : {&large, &small, &large}) {
      encoder->forward_packed(backend, workspace, *batch, embeddings);
    }
    return allocations_so_far() - before;
  };
  allocations_of_a_round();
  // Any lane may take any part, so with several the last of them may meet its largest part late.
  std::int64_t allocations = allocations_of_a_round();
  for (int round = 0; threads > 1 && allocations > 0 && round < kMostRounds; ++round) {
    allocations = allocations_of_a_round();
  }
  EXPECT_EQ(allocations, 0);
}

std::string name_of_case(const testing::TestParamInfo<Parameters>& info) {
  return std::get<0>(info.param) + "_" + std::string(name_of(std::get<1>(info.param))) + "_" +
         std::to_string(std::get<2>(info.param));
}

INSTANTIATE_TEST_SUITE_P(Cpu, EncoderAllocation,
                         testing::Combine(testing::Values("esm2", "dnabert_s"),
                                          testing::Values(Precision::kFp16, Precision::kBf16,
                                                          Precision::kInt8),
                                          testing::Values(std::size_t{1}, std::size_t{2})),
                         name_of_case);

class EncoderAllocationOnGpu : public testing::TestWithParam<std::size_t> {};

TEST_P(EncoderAllocationOnGpu, ASteadyStateTakesNoMoreOfThePoolAndAllOfItComesBack) {
  constexpr std::uint64_t kPoolBytes = std::uint64_t{4} << 30;
  const auto& opened = testing_support::cuda_test_device(GetParam(), kPoolBytes);
  if (opened.device == nullptr) GTEST_SKIP() << opened.reason;
  CudaDevice& device = *opened.device;
  const PackedBatch large = batch_of({170, 3, 90, 61, 170});
  const PackedBatch small = batch_of({40, 120});
  const std::uint64_t before = device.used_bytes();
  for (const Precision precision :
       {Precision::kFp16, Precision::kBf16, Precision::kInt8, Precision::kFp8}) {
    const std::unique_ptr<Backend> backend = device.create_backend();
    if (!backend->offers(precision)) continue;
    const Esm2 encoder(synthetic_esm2("steady", 2, kLeastInputs, 4), precision, *backend);
    Workspace workspace(*backend);
    Embeddings embeddings;
    encoder.forward_packed(*backend, workspace, large, embeddings);
    encoder.forward_packed(*backend, workspace, small, embeddings);
    const std::uint64_t steady = device.used_bytes();
    EXPECT_GT(steady, before) << name_of(precision);
    device.restart_peak();
    for (const PackedBatch* batch : {&large, &small, &large}) {
      encoder.forward_packed(*backend, workspace, *batch, embeddings);
      EXPECT_EQ(device.used_bytes(), steady) << name_of(precision);
    }
    EXPECT_EQ(device.peak_bytes(), steady) << name_of(precision);
  }
  EXPECT_EQ(device.used_bytes(), before);
}

INSTANTIATE_TEST_SUITE_P(Gpus, EncoderAllocationOnGpu,
                         testing::ValuesIn(testing_support::listed_gpus()),
                         [](const auto& gpu) { return "cuda_" + std::to_string(gpu.param); });

}  // namespace
}  // namespace virnucpro
