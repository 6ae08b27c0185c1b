#include "bench/estimate.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <span>

#include "base/counted.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/peak_memory.h"
#include "base/sha256.h"
#include "base/stopwatch.h"
#include "bench/chunk_sample.h"
#include "bench/sample.h"
#include "jobs/predict.h"
#include "run/shard_number.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

/// Enough that the spread of open frames among chunks is below a percent, few enough for 20 MB.
constexpr std::size_t kMostChunks = std::size_t{1} << 15;
/// Rounds over chunks of their own, whose spread makes the interval.
constexpr std::size_t kRounds = 3;
/// The first try, which tells how many chunks a round can take.
constexpr std::size_t kFirstTry = 32;
/// 90 % of Student's t with two degrees of freedom, two-sided, over the root of three rounds.
constexpr double kSpreadFactor = 2.92 / 1.732;
/// Time is never known better than so: clocks of processors and other work on the machine change.
constexpr double kLeastShare = 0.08;
/// The same of memory, of which the allocator and the system keep some, and of the disk.
constexpr double kMemoryShare = 0.25;
constexpr double kDiskShare = 0.15;
/// A limit of time beyond the upper end of the interval, for slower machines of the same kind.
constexpr double kLimitFactor = 1.25;
constexpr double kLimitSeconds = 600.0;

double bytes_of(const fs::path& folder) {
  double bytes = 0.0;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  }
  return bytes;
}

/// What one round of a run took.
struct Round {
  double seconds = 0.0;
  double bytes = 0.0;
  double frames = 0.0;
  double chunks = 0.0;
};

/// How far reading has come, in bytes of the inputs. The bytes that were taken from them are ahead
/// of the records that were parsed, by buffers that stay full: the way between two looks tells the
/// rate.
class ReadPace {
 public:
  ReadPace(double seconds, const std::function<ReadBytes()>& bytes)
      : seconds_(seconds), bytes_(bytes) {}

  bool is_enough(const InputCensus& so_far) {
    if (!is_begun_) {
      if (watch_.seconds() < seconds_ / 4) return false;  // until then buffers fill
      is_begun_ = true;
      begin_ = {bytes_().read, so_far.bases};
    }
    if (watch_.seconds() < seconds_) return false;
    end_ = {bytes_().read, so_far.bases};
    return end_.bytes >= begin_.bytes + kLeastWay;
  }

  double share_of(const InputCensus& census, std::uint64_t total) const {
    const double bases_a_byte = static_cast<double>(end_.bases - begin_.bases) /
                                static_cast<double>(end_.bytes - begin_.bytes);
    return std::clamp(static_cast<double>(census.bases) /
                          std::max(1.0, bases_a_byte * static_cast<double>(total)),
                      1e-9, 1.0);
  }

 private:
  /// Many pieces of what is read at once.
  static constexpr std::uint64_t kLeastWay = std::uint64_t{2} << 20;
  struct Look {
    std::uint64_t bytes = 0;
    std::uint64_t bases = 0;
  };

  const double seconds_;
  const std::function<ReadBytes()>& bytes_;
  const Stopwatch watch_;
  bool is_begun_ = false;
  Look begin_;
  Look end_;
};

/// Runs slices of the sample.
class Measurement {
 public:
  Measurement(const EstimateRequest& request, const LoadedModels& models, const RunContext& context,
              std::vector<SampledChunk> sample, const std::stop_token& stop)
      : request_(request),
        models_(models),
        context_(context),
        sample_(std::move(sample)),
        stop_(stop) {
    context_.progress = nullptr;
    context_.log = {};
    context_.warnings = {};
  }

  std::size_t left() const { return sample_.size() - taken_; }

  /// The next chunks of the sample; where it is used up, its first ones again.
  Round run(std::size_t count) {
    count = std::min(count, sample_.size());
    if (count > left()) taken_ = 0;
    const std::string input = folder_.path() + "/chunks.fa";
    write_chunks(std::span(sample_).subspan(taken_, count), input);
    taken_ += count;
    PredictRequest request;
    request.inputs = {input};
    request.output = folder_.path() + "/results";
    request.force = true;
    request.batch_tokens = request_.batch_tokens;
    const Stopwatch watch;
    const RunReport report = run_predict(request, models_, context_, stop_).report;
    return {watch.seconds(), bytes_of(request.output), static_cast<double>(report.intake.orfs),
            static_cast<double>(count)};
  }

 private:
  const EstimateRequest& request_;
  const LoadedModels& models_;
  RunContext context_;
  const std::vector<SampledChunk> sample_;
  const std::stop_token& stop_;
  const TemporaryFolder folder_;
  std::size_t taken_ = 0;
};

Expected around(double value, double share) {
  return {value, value * std::max(0.0, 1.0 - share), value * (1.0 + share)};
}

/// The mean of what the rounds say, with their spread, which is never taken as less than `least`.
Expected mean_of(const std::array<double, kRounds>& values, double least) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  const double mean = sum / static_cast<double>(kRounds);
  double squares = 0.0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(kRounds - 1));
  return around(mean, mean > 0.0 ? std::max(least, kSpreadFactor * deviation / mean) : 0.0);
}

/// Both shares of uncertainty, as of independent errors.
Expected times(const Expected& a, const Expected& b) {
  const double value = a.value * b.value;
  if (value <= 0.0) return {};
  const double up = std::hypot(a.high / a.value - 1.0, b.high / b.value - 1.0);
  const double down = std::hypot(1.0 - a.low / a.value, 1.0 - b.low / b.value);
  return {value, value * std::max(0.0, 1.0 - down), value * (1.0 + up)};
}

Expected plus(const Expected& a, double known) {
  return {a.value + known, a.low + known, a.high + known};
}

/// The rate at which this machine hashes what it has in memory.
double hashed_bytes_per_second() {
  const std::vector<std::byte> block(std::size_t{16} << 20);
  Sha256 hash;
  const Stopwatch watch;
  hash.update(block);
  static_cast<void>(hash.finish());
  return static_cast<double>(block.size()) / watch.seconds();
}

}  // namespace

RunEstimate estimate_run(const EstimateRequest& request, const LoadedModels& models,
                         const RunContext& context, const std::function<ReadBytes()>& bytes,
                         const std::stop_token& stop) {
  const std::optional<std::uint64_t> total = bytes().total;
  ReadPace pace(request.seconds, bytes);
  InputCensus census = take_census_of(
      request.inputs, models.expected_length, kMostChunks,
      [&](const InputCensus& so_far) { return total && pace.is_enough(so_far); }, stop);
  if (census.chunks == 0) {
    throw InputError(fmt::format("{} without a base: there is nothing to estimate",
                                 counted(census.records, "record")));
  }
  RunEstimate estimate;
  if (!census.is_whole) {
    estimate.share_read = pace.share_of(census, *total);
  }
  // What was not read may be another kind of data: the less was read, the less is known.
  const double unread = census.is_whole ? 0.0 : 0.5 * (1.0 - estimate.share_read) + 0.02;
  const auto extrapolated = [&](std::uint64_t count) {
    return around(static_cast<double>(count) / estimate.share_read, unread);
  };
  estimate.records = extrapolated(census.records);
  estimate.bases = extrapolated(census.bases);
  estimate.chunks = extrapolated(census.chunks);

  Measurement measurement(request, models, context, std::move(census.sample), stop);
  // The first run touches all weights; the second tells what a run takes that has hardly any work.
  measurement.run(1);
  const Round nothing = measurement.run(1);
  const Round first = measurement.run(kFirstTry);
  const double guess = std::max(1e-7, (first.seconds - nothing.seconds) / first.chunks);
  const double for_a_round = request.seconds / static_cast<double>(kRounds);
  const auto wanted = static_cast<std::size_t>(
      std::clamp(for_a_round / guess, 1.0, static_cast<double>(kMostChunks)));
  const std::size_t count =
      std::max<std::size_t>(1, std::min(wanted, std::max(measurement.left() / kRounds, kFirstTry)));
  std::array<double, kRounds> seconds{};
  std::array<double, kRounds> disk{};
  std::array<double, kRounds> frames{};
  for (std::size_t i = 0; i < kRounds; ++i) {
    const Round round = measurement.run(count);
    estimate.chunks_measured += static_cast<std::uint64_t>(round.chunks);
    seconds[i] = std::max(0.0, round.seconds - nothing.seconds) / round.chunks;
    disk[i] = std::max(0.0, round.bytes - nothing.bytes) / round.chunks;
    frames[i] = round.frames / round.chunks;
  }
  estimate.fixed_seconds = request.start_seconds + nothing.seconds;
  estimate.open_frames = times(estimate.chunks, mean_of(frames, 0.0));
  estimate.work_seconds = times(estimate.chunks, mean_of(seconds, kLeastShare));
  const double hashing = total ? static_cast<double>(*total) / hashed_bytes_per_second() : 0.0;
  estimate.read_seconds = around(census.seconds / estimate.share_read, unread + kLeastShare);
  // Inputs are hashed first; then reading and work go on side by side.
  const auto longer = [](double a, double b) { return std::max(a, b); };
  estimate.seconds = plus({longer(estimate.work_seconds.value, estimate.read_seconds.value),
                           longer(estimate.work_seconds.low, estimate.read_seconds.low),
                           longer(estimate.work_seconds.high, estimate.read_seconds.high)},
                          estimate.fixed_seconds + hashing);
  estimate.read_seconds = plus(estimate.read_seconds, hashing);
  estimate.device_hours = estimate.seconds * (static_cast<double>(request.devices) / 3600.0);
  estimate.memory_bytes = around(static_cast<double>(peak_memory()), kMemoryShare);
  estimate.disk_bytes = plus(times(estimate.chunks, mean_of(disk, kDiskShare)), nothing.bytes);
  return estimate;
}

std::string estimate_table(const RunEstimate& estimate, std::optional<double> price) {
  std::string table = "quantity\texpected\tlow\thigh\n";
  const auto row = [&](const char* name, const Expected& expected, int digits) {
    table += fmt::format("{}\t{:.{}f}\t{:.{}f}\t{:.{}f}\n", name, expected.value, digits,
                         expected.low, digits, expected.high, digits);
  };
  row("records", estimate.records, 0);
  row("bases", estimate.bases, 0);
  row("chunks", estimate.chunks, 0);
  row("open_frames", estimate.open_frames, 0);
  row("seconds", estimate.seconds, 1);
  row("device_hours", estimate.device_hours, 4);
  row("memory_bytes", estimate.memory_bytes, 0);
  row("disk_bytes", estimate.disk_bytes, 0);
  if (price) row("price", estimate.device_hours * *price, 4);
  return table;
}

ShardPlan plan_shards(const RunEstimate& estimate, double device_hours, std::size_t devices,
                      bool reads_all) {
  const double room = device_hours * 3600.0 / static_cast<double>(devices);
  const double reading = reads_all ? estimate.read_seconds.high : 0.0;
  const double shared = reads_all
                            ? estimate.work_seconds.high
                            : std::max(estimate.work_seconds.high, estimate.read_seconds.high);
  const double start = estimate.fixed_seconds + reading;
  if (room <= start) {
    throw ConfigError(fmt::format(
        "--device-hours {}: a shard takes {:.4g} device hours before its first record, for models "
        "and input. Give more.",
        device_hours, start * static_cast<double>(devices) / 3600.0));
  }
  const double wanted = std::ceil(shared / (room - start));
  if (wanted > static_cast<double>(kMaxShards)) {
    throw ConfigError(fmt::format(
        "--device-hours {}: that would take {:.0f} of at most {}. Give more hours for each.",
        device_hours, wanted, counted(kMaxShards, "shard")));
  }
  ShardPlan plan;
  plan.shards = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  const auto of = static_cast<double>(plan.shards);
  const double work = reads_all
                          ? estimate.work_seconds.value
                          : std::max(estimate.work_seconds.value, estimate.read_seconds.value);
  plan.shard_seconds =
      estimate.fixed_seconds + (reads_all ? estimate.read_seconds.value : 0.0) + work / of;
  plan.limit_seconds = kLimitFactor * (start + shared / of) + kLimitSeconds;
  return plan;
}

}  // namespace virnucpro
