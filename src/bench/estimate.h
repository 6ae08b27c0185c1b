// What a run over given inputs will take, found out from a sample of their chunks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/log.h"
#include "devices/load_models.h"
#include "jobs/run.h"

namespace virnucpro {

struct EstimateRequest {
  std::vector<std::string> inputs;
  /// For the rounds in which the models are measured, all together; the inputs are read about as
  /// long, and what is not reached is extrapolated by bytes.
  double seconds = 20.0;
  std::size_t batch_tokens = 0;  ///< as in a run
  double start_seconds = 0.0;    ///< from the start of the process until the models were loaded
  std::size_t devices = 1;       ///< that share the run
};

/// A quantity with the interval in which it is expected nine times of ten.
struct Expected {
  double value = 0.0;
  double low = 0.0;
  double high = 0.0;

  Expected operator*(double factor) const { return {value * factor, low * factor, high * factor}; }
};

struct RunEstimate {
  double share_read = 1.0;  ///< of the bytes of the inputs
  std::uint64_t chunks_measured = 0;
  // Of all inputs. Exact where all bytes were read.
  Expected records;
  Expected bases;
  Expected chunks;
  Expected open_frames;
  double fixed_seconds = 0.0;  ///< of any run: models, folder, database
  Expected read_seconds;       ///< hashing and reading the inputs; overlaps with the rest
  Expected work_seconds;       ///< all that grows with the chunks
  Expected seconds;            ///< of the whole run
  Expected device_hours;
  Expected memory_bytes;
  Expected disk_bytes;  ///< database and tables
};

/// Bytes of the inputs that have been read, and of all; absent where that cannot be known.
struct ReadBytes {
  std::uint64_t read = 0;
  std::optional<std::uint64_t> total;
};

/// Reads the inputs within the time, keeps a random sample of their chunks, and runs these in
/// rounds. Repeated frames, which a run computes once, are not foreseen. Needs the devices of
/// `context` for itself, and a temporary folder. Throws what run_predict() throws; InputError for
/// inputs without a chunk.
RunEstimate estimate_run(const EstimateRequest& request, const LoadedModels& models,
                         const RunContext& context, const std::function<ReadBytes()>& bytes,
                         const std::stop_token& stop);

/// The table of `estimate`, tab-separated with a header; money where a price is known.
std::string estimate_table(const RunEstimate& estimate, std::optional<double> price);

/// A run split over a scheduler's jobs.
struct ShardPlan {
  std::uint64_t shards = 1;
  double shard_seconds = 0.0;  ///< expected of each
  double limit_seconds = 0.0;  ///< a limit of time that the slowest should keep
};

/// As few shards as keep each within so many device hours, at the upper end of the interval.
/// `reads_all`: each shard reads the whole input. Throws ConfigError where no number can.
ShardPlan plan_shards(const RunEstimate& estimate, double device_hours, std::size_t devices,
                      bool reads_all);

}  // namespace virnucpro
