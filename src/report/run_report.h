// run.json: how the results of a run were made.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/prediction_tables.h"
#include "run/fault_report.h"
#include "run/ledger.h"
#include "run/stored_rows.h"
#include "sequence/frames.h"
#include "weights/model_part.h"

namespace virnucpro {

/// One input as it was read. `bytes` is absent for standard input.
struct InputReport {
  std::string path;
  std::optional<std::uint64_t> bytes;
  std::uint64_t records = 0;
  std::string sha256 = {};  ///< empty for inputs that can be read only once
};

/// What one device did in this process.
struct DeviceReport {
  std::string name;  ///< "cpu", "cuda:1"
  std::string description;
  std::size_t workers = 1;
  std::uint64_t batches = 0;
  std::map<std::string, std::uint64_t> tokens;  ///< by encoder
  double busy_seconds = 0.0;                    ///< summed over its workers
};

/// One process that worked on the run, and what went wrong in it.
struct SessionReport {
  StoredSession session;
  FaultReport faults = {};
};

/// Everything in run.json. Plain data, filled by the pipeline.
struct RunReport {
  std::string program_version;
  std::vector<std::string> command_line;
  std::string started_at;  ///< UTC, ISO 8601

  std::vector<InputReport> inputs;
  std::uint64_t shard = 1;  ///< of `shards`
  std::uint64_t shards = 1;

  std::string bundle;  ///< name, or "own parts"
  std::string bundle_version;
  std::vector<ModelPart> parts;
  std::string calibration_sha256;  ///< empty: the models have none
  std::int64_t expected_length = 0;
  FrameRule frames;

  std::string precision;
  bool packed = true;
  std::string device;
  std::string device_description;
  std::size_t threads = 0;
  std::size_t workers = 1;     ///< backends that share the threads
  std::size_t numa_nodes = 1;  ///< nodes that the process may use
  std::int64_t batch_tokens = 0;
  bool automatic_batch_tokens = false;  ///< chosen by the program, not by the user

  Intake intake;
  Ledger ledger;
  CallCounts calls;
  std::uint64_t frames_embedded = 0;
  std::uint64_t frames_repeated = 0;  ///< equal to an earlier one, whose result they got

  double seconds = 0.0;                         ///< wall clock of the whole run
  std::map<std::string, double> stage_seconds;  ///< busy time, summed over a stage's threads
  std::map<std::string, std::uint64_t> tokens;  ///< by encoder
  /// tokens / capacity of the batches by encoder, at most 1.
  std::map<std::string, double> packing_efficiency;
  std::uint64_t batches = 0;
  std::uint64_t peak_memory_bytes = 0;
  std::vector<DeviceReport> devices;  ///< how they shared the work

  FaultReport faults;                   ///< of all sessions together
  std::vector<SessionReport> sessions;  ///< where the run has a database; the last is this one
  std::vector<std::string> warnings;

  std::uint64_t total_tokens() const;
  /// The rate of the whole run; 0 when it took no time.
  double tokens_per_second() const;
};

/// The text of run.json, with a line end. Bytes that are not UTF-8 are replaced. ContractError for
/// a packing efficiency above 1.
std::string run_json(const RunReport& report);

/// A text of run_json() in which counts, faults and sessions are those of `report`, and to which
/// its warnings are added; everything else stays. Throws InputError when it is not such a text;
/// `place` names it.
std::string with_results(std::string_view run_json, const std::string& place,
                         const RunReport& report);

}  // namespace virnucpro
