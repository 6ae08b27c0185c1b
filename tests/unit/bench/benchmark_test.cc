// Whole runs on GPUs, as far as that is possible without one: the CPU does the work, and the
// devices only answer the questions about them.
#include "bench/benchmark.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>

#include "backend/cpu/cpu_backend.h"
#include "base/errors.h"
#include "bench/bench_report.h"

namespace virnucpro {
namespace {

constexpr double kTera = 1e12;
constexpr std::uint64_t kRunBytes = 1'500'000;

class FakeGpu final : public CudaDevice {
 public:
  explicit FakeGpu(double ceiling) : ceiling_(ceiling) {}

  std::unique_ptr<Backend> create_backend() override { return std::make_unique<CpuBackend>(1); }
  std::uint64_t used_bytes() const override { return 1; }
  /// As if the ceiling took a gigabyte, and a run a megabyte and a half.
  std::uint64_t peak_bytes() const override { return peak_; }
  void restart_peak() override { peak_ = kRunBytes; }
  double measure_matmul_ceiling(Precision precision, double) override {
    peak_ = 1'000'000'000;
    ++measured;
    return precision == Precision::kFp32 ? ceiling_ / 10.0 : ceiling_;
  }

  std::atomic<int> measured{0};

 private:
  double ceiling_;
  std::atomic<std::uint64_t> peak_{0};
};

class GpuBenchmark : public testing::Test {
 protected:
  BenchReport measure(std::vector<Precision> precisions) {
    BenchRequest request;
    request.orfs = 3;
    request.seconds = 0.001;
    request.batch_tokens = 200;
    request.models = {{{}, &shapes_named("mini")}};
    request.precisions = std::move(precisions);
    request.device = "cuda:0,1";
    const auto no_bundle = [](const std::string& name) -> Bundle { throw ModelError(name); };
    return run_benchmark(
        request, no_bundle, {}, {}, [this](const std::string& wanted, std::size_t) {
          BenchDevices devices;
          devices.name = wanted;
          devices.workers.gpus = {{"cuda:0", "fast", fast_}, {"cuda:1", "slow", slow_}};
          for (const WorkerGpu& gpu : devices.workers.gpus) {
            for (int lane = 0; lane < 2; ++lane) {
              devices.workers.backends.push_back(gpu.device->create_backend());
            }
          }
          devices.workers.lanes = {2, 2};
          devices.workers.threads = 4;
          return devices;
        });
  }

  const std::shared_ptr<FakeGpu> fast_ = std::make_shared<FakeGpu>(3 * kTera);
  const std::shared_ptr<FakeGpu> slow_ = std::make_shared<FakeGpu>(1 * kTera);
};

TEST(WorkersAtOnce, AreNoMoreThanTheBatchesOccupy) {
  EXPECT_EQ(workers_at_once(0, 3), 1.0);
  EXPECT_EQ(workers_at_once(1, 3), 1.0);
  EXPECT_EQ(workers_at_once(3, 3), 3.0);
  EXPECT_EQ(workers_at_once(4, 3), 2.0);  // one of them has two
  EXPECT_EQ(workers_at_once(5, 1), 1.0);
  EXPECT_NEAR(workers_at_once(1000, 3), 3.0, 0.01);
}

TEST_F(GpuBenchmark, HoldsBothEncodersToTheSumOfWhatTheGpusMultiply) {
  const BenchReport report = measure({Precision::kFp16, Precision::kFp32});
  EXPECT_EQ(report.device, "cuda:0,1");
  EXPECT_EQ(report.workers, 4u);
  ASSERT_EQ(report.results.size(), 2u);
  // Before anything, before the only round, and after it.
  EXPECT_EQ(fast_->measured, 2 * 3);
  const BenchResult& half = report.results.front();
  int encoders = 0;
  for (const BenchStage& stage : half.stages) {
    if (!stage.encoder) continue;
    ++encoders;
    EXPECT_DOUBLE_EQ(stage.encoder->ceiling.lowest, 4 * kTera);
    EXPECT_DOUBLE_EQ(stage.encoder->ceiling.highest, 4 * kTera);
    EXPECT_GT(stage.encoder->flops(), 0.0);
  }
  EXPECT_EQ(encoders, 2);
  EXPECT_DOUBLE_EQ(half.share_of_ceiling(), half.flops() / (4 * kTera) / half.seconds.median);
  ASSERT_EQ(half.gpus.size(), 2u);
  EXPECT_DOUBLE_EQ(half.gpus[1].ceiling.median, 1 * kTera);
  EXPECT_DOUBLE_EQ(report.results.back().gpus[0].ceiling.median, 0.3 * kTera);
}

TEST_F(GpuBenchmark, CountsTheMemoryOfRunsAndNotOfTheCeiling) {
  const BenchReport report = measure({Precision::kFp16});
  ASSERT_EQ(report.results.front().gpus.size(), 2u);
  for (const GpuFigures& gpu : report.results.front().gpus) {
    EXPECT_EQ(gpu.peak_memory_bytes, kRunBytes) << gpu.name;
  }
}

TEST_F(GpuBenchmark, WritesWhatEachGpuGave) {
  const BenchReport report = measure({Precision::kFp16});
  const auto json = nlohmann::json::parse(bench_json(report, "0"));
  EXPECT_EQ(json["device"], "cuda:0,1");
  const auto& gpus = json["results"][0]["gpus"];
  ASSERT_EQ(gpus.size(), 2u);
  EXPECT_EQ(gpus[0]["name"], "cuda:0");
  EXPECT_EQ(gpus[0]["description"], "fast");
  EXPECT_EQ(gpus[0]["peak_memory_bytes"], kRunBytes);
  EXPECT_EQ(gpus[0]["ceiling_gflops_per_second"]["median"], 3000.0);
  const auto& esm2 = json["results"][0]["stages"]["esm2"];
  EXPECT_EQ(esm2["ceiling_gflops_per_second"]["median"], 4000.0);
  EXPECT_TRUE(esm2["ceiling_products"].empty());
  EXPECT_GT(esm2["share_of_ceiling"], 0.0);
  // The sum of both, in 10^6 bytes.
  EXPECT_THAT(bench_table(report), testing::EndsWith("\t3.0\n"));
}

TEST(BenchDevices, AreThoseOfTheRegistry) {
  const BenchDevices devices = open_bench_devices("cpu", 1);
  EXPECT_EQ(devices.name, "cpu");
  EXPECT_EQ(devices.workers.threads, 1u);
  EXPECT_TRUE(devices.workers.gpus.empty());
  EXPECT_THROW(open_bench_devices("tpu", 1), DeviceError);
}

}  // namespace
}  // namespace virnucpro
