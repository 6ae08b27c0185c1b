// A run around its stages: inputs read and hashed, devices put to work, what they did accounted
// for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/stopwatch.h"
#include "base/work_progress.h"
#include "devices/exact_models.h"
#include "devices/load_models.h"
#include "pipeline/progress.h"
#include "pipeline/stages.h"
#include "report/run_report.h"
#include "report/shard_plan.h"
#include "run/run_database.h"
#include "run/shard_number.h"
#include "sequence/reader.h"

namespace virnucpro {

/// What is asked of every run. Plain data, checked before.
struct RunRequest {
  /// Paths in the order given; "-" is standard input. Never empty.
  std::vector<std::string> inputs;
  /// The folder of the results, or the HDF5 file.
  std::string output;
  /// Replace the results that `output` holds already; without it such an output is refused.
  bool force = false;
  /// Tokens of one batch; 0: chosen by the program.
  std::size_t batch_tokens = 0;
};

/// What a run needs beside its request.
struct RunContext {
  std::string program_version;
  std::vector<std::string> command_line;
  PrecisionChoice precision;
  std::string device;  ///< names of the devices (device_names.h)
  /// One worker each; nothing else uses them until the run ends. At least one.
  std::vector<Backend*> backends;
  /// For each backend, the models prepared for its device. Empty: the models of the run serve all
  /// backends.
  std::vector<const LoadedModels*> models;
  std::size_t threads = 1;            ///< of all backends together
  std::size_t numa_nodes = 1;         ///< nodes that they may use
  std::vector<std::string> warnings;  ///< warnings that were logged already
  Log log;
  ProgressSink* progress = nullptr;  ///< may be null
  WorkProgress work;                 ///< of what follows the stages, such as writing tables
  /// Loads the same models in FP32, for sequences whose values are not finite; may be empty.
  ExactModels::Load load_exact;
  /// Opens inputs that are addresses; empty: these are errors.
  OpenAddress open_address;
  /// Absent: limits_for() the batches. Tests use small ones.
  std::optional<WindowLimits> limits;
};

/// What a run did: the content of run.json, and the files it wrote.
struct RunSummary {
  RunReport report;
  std::vector<std::string> files;
};

/// The work around the stages that `predict`, `embed` and `train` share. One use; thread-confined.
class Run {
 public:
  /// Opens and hashes the inputs, or what the `plan` says of them. `models` and `context` must
  /// outlive it. Throws InputError, Interrupted.
  Run(const RunRequest& request, ShardNumber shard, const LoadedModels& models,
      const RunContext& context, const std::stop_token& stop,
      std::shared_ptr<const ShardPlanFile> plan = nullptr);

  /// Runs the stages and stores their counts. Throws what run_stages() throws, and ModelError when
  /// the models have changed.
  void run_stages(bool classify, TakeWindow take, Journal* journal, std::stop_token stop);

  /// Weights that are used in place change with their files: throws ModelError then.
  void require_unchanged_models() const;

  /// Reads the whole input, which must be the one that the database holds (InputError).
  void compare_input(const RunDatabase& database, const std::stop_token& stop);

  /// Logs and reports that so many records bear an earlier one's id.
  void warn_of_repeated_ids(std::uint64_t count, std::string_view where);

  /// Call when only the files' names remain to be given.
  void stop_clock();

  RunSummary& summary() { return summary_; }
  /// The stamps of the inputs that are files: another text once one was written to or replaced.
  const std::string& input_stamps() const { return input_stamps_; }

 private:
  const LoadedModels& models_of(std::size_t backend) const;
  /// The next record of this shard.
  bool next(Record& record);
  void fill(const StageReport& stages);

  bool is_mine(std::uint64_t ordinal) const;

  const ShardNumber shard_;
  const std::shared_ptr<const ShardPlanFile> plan_;  // null: each shard has every N-th record
  const LoadedModels& models_;
  const RunContext& context_;
  const Stopwatch watch_;
  SequenceReader reader_;
  RunSummary summary_;
  std::string input_stamps_;
  std::optional<std::uint64_t> most_bases_;  // of all inputs, where that is known
};

}  // namespace virnucpro
