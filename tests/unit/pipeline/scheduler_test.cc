// Workers of different speed share the batches of a run by speed. Their time is counted, not
// measured: the queue and its threads are real, but no load of the machine changes the outcome.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

/// A clock that stands still while any worker is between two batches, and then jumps to the
/// earliest end of those being computed. Thread-safe.
class CountedTime {
 public:
  explicit CountedTime(std::size_t workers) : ends_(workers), busy_(workers) {}

  /// Returns when `time` has passed for that worker.
  void pass(std::size_t worker, double time) {
    std::unique_lock lock(mutex_);
    ends_[worker] = now_ + time;
    busy_[worker] += time;
    moved_.notify_all();
    while (!is_next(worker) || !are_all_here()) {
      // No worker has come for so long: the others have no batch.
      constexpr std::chrono::milliseconds kPatience{500};
      const std::uint64_t before = moves_;
      if (moved_.wait_for(lock, kPatience) == std::cv_status::timeout && before == moves_ &&
          is_next(worker)) {
        break;
      }
    }
    ++moves_;
    now_ = *ends_[worker];
    ends_[worker].reset();
    moved_.notify_all();
  }

  double now() const { return now_; }
  double busy(std::size_t worker) const { return busy_[worker]; }

 private:
  bool are_all_here() const {
    return std::ranges::all_of(ends_, [](const auto& end) { return end.has_value(); });
  }
  bool is_next(std::size_t worker) const {
    for (std::size_t i = 0; i < ends_.size(); ++i) {
      if (!ends_[i] || i == worker) continue;
      if (*ends_[i] < *ends_[worker] || (*ends_[i] == *ends_[worker] && i < worker)) return false;
    }
    return true;
  }

  std::mutex mutex_;
  std::condition_variable moved_;
  std::vector<std::optional<double>> ends_;  // of the batches in hand
  std::vector<double> busy_;
  double now_ = 0.0;
  std::uint64_t moves_ = 0;
};

constexpr double kSpeeds[] = {4.0, 2.0, 1.0};
constexpr double kAllSpeeds = 7.0;

struct Shares {
  double worst_share = 0.0;  ///< largest deviation of a share of tokens from that of the speed
  double least_busy = 1.0;   ///< of the time that the run took
  std::vector<std::string> lines;
  StageReport report;
};

Shares run_unlike_workers(const std::vector<Record>& records) {
  FakeRun run(records, std::size(kSpeeds));
  run.plan.batch_tokens = 400;
  run.plan.limits = {128, 10'000, 1'000'000};
  run.plan.repeats = RepeatLimits{};  // every ORF is work
  CountedTime time(std::size(kSpeeds));
  double tokens[std::size(kSpeeds)] = {};
  for (std::size_t i = 0; i < run.engines.size(); ++i) {
    run.engines[i].on_embed = [&, i](EncoderKind, const PackedBatch& batch) {
      const auto count = static_cast<double>(batch.tokens.size());
      tokens[i] += count;
      time.pass(i, count / kSpeeds[i]);
    };
  }
  Shares shares;
  shares.report = run.run();
  shares.lines = run.collected.lines;
  const double all = tokens[0] + tokens[1] + tokens[2];
  for (std::size_t i = 0; i < std::size(kSpeeds); ++i) {
    const double share = tokens[i] / all;
    shares.worst_share =
        std::max(shares.worst_share, std::abs(share / (kSpeeds[i] / kAllSpeeds) - 1.0));
    shares.least_busy = std::min(shares.least_busy, time.busy(i) / time.now());
  }
  return shares;
}

TEST(Scheduler, SharesBatchesByTheSpeedOfTheWorkers) {
  const std::vector<Record> records = fake_records(1000);
  const Shares shares = run_unlike_workers(records);
  EXPECT_LE(shares.worst_share, 0.05);
  EXPECT_GE(shares.least_busy, 0.95);

  FakeRun one(records, 1);
  one.plan.limits = {128, 10'000, 1'000'000};
  one.run();
  EXPECT_EQ(shares.lines, one.collected.lines);

  // What the report says of it is what the engines saw.
  const StageReport& report = shares.report;
  ASSERT_EQ(report.devices.size(), 3u);
  std::uint64_t dna = 0;
  std::uint64_t protein = 0;
  std::uint64_t batches = 0;
  for (const DeviceWork& device : report.devices) {
    EXPECT_EQ(device.workers, 1u);
    EXPECT_GT(device.busy_seconds, 0.0);
    dna += device.tokens[EncoderKind::kDnabertS];
    protein += device.tokens[EncoderKind::kEsm2];
    batches += device.batches;
  }
  EXPECT_EQ(dna, report.encoders[EncoderKind::kDnabertS].tokens);
  EXPECT_EQ(protein, report.encoders[EncoderKind::kEsm2].tokens);
  EXPECT_EQ(batches, report.batches);
  EXPECT_GT(report.devices[0].tokens[EncoderKind::kEsm2],
            2 * report.devices[2].tokens[EncoderKind::kEsm2]);
}

TEST(Scheduler, CountsWorkersOfOneNameAsOneDevice) {
  const std::vector<Record> records = fake_records(60);
  FakeRun run(records, 5);
  run.engines[0].device = run.engines[1].device = run.engines[2].device = "cuda:0";
  run.engines[3].device = "cuda:1";
  run.engines[4].device = "cuda:0";
  const StageReport report = run.run();
  ASSERT_EQ(report.devices.size(), 2u);
  EXPECT_EQ(report.devices[0].name, "cuda:0");
  EXPECT_EQ(report.devices[0].workers, 4u);
  EXPECT_EQ(report.devices[1].name, "cuda:1");
  EXPECT_EQ(report.devices[1].workers, 1u);
  EXPECT_EQ(report.devices[0].batches + report.devices[1].batches, report.batches);
}

}  // namespace
}  // namespace virnucpro
