// A run from records to results: four stages with bounded queues between them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "base/log.h"
#include "pipeline/device_stage.h"
#include "pipeline/engine.h"
#include "pipeline/journal.h"
#include "pipeline/prepare_stage.h"
#include "pipeline/progress.h"
#include "pipeline/window.h"
#include "pipeline/window_builder.h"
#include "pipeline/write_stage.h"
#include "run/fault_report.h"
#include "run/ledger.h"

namespace virnucpro {

/// The parts of a run. Everything named here must outlive run_stages().
struct StagePlan {
  struct Lane {
    Tokenize tokenize;
    std::int64_t width = 0;  ///< of the embedding
  };

  RecordStream records;
  std::int64_t expected_length = 0;
  FrameRule frames;
  PerEncoder<Lane> lanes;
  /// One worker thread each; a free one takes the next batch. At least one. Engines of one name
  /// belong to one device, which all of them lose at once.
  std::vector<Engine*> engines;
  bool classify = true;
  bool packed = true;
  std::int64_t batch_tokens = 0;
  /// A worker takes no more of a batch than it computes in about 20 seconds; others get the rest.
  bool time_sized = false;
  /// Seconds since a fixed moment; absent: the steady clock. Tests set it.
  std::function<double()> clock;
  WindowLimits limits;
  /// The number of ORFs that are remembered; absent: repeat_limits() for the results of the run.
  /// Tests use small ones.
  std::optional<RepeatLimits> repeats;
  TakeWindow take;
  Journal* journal = nullptr;        ///< may be null: nothing is kept
  ProgressSink* progress = nullptr;  ///< may be null
  Log log;
};

/// What the stages counted, and how long each was busy.
struct StageReport {
  struct Encoder {
    std::uint64_t tokens = 0;
    std::uint64_t capacity = 0;
    double seconds = 0.0;

    double efficiency() const {
      return capacity == 0 ? 1.0 : static_cast<double>(tokens) / static_cast<double>(capacity);
    }
  };

  Intake intake;
  // Every ORF of the intake is one of these.
  std::uint64_t orfs_computed = 0;
  std::uint64_t orfs_recalled = 0;  ///< the journal had the result
  std::uint64_t orfs_repeated = 0;  ///< equal to an earlier one
  FaultReport faults;
  std::uint64_t windows = 0;
  std::uint64_t batches = 0;
  PerEncoder<Encoder> encoders;
  std::vector<DeviceWork> devices;  ///< in the order of the plan's engines
  double read_seconds = 0.0;
  double tokenize_seconds = 0.0;
  double classify_seconds = 0.0;
  double write_seconds = 0.0;
};

/// Runs until every record has been taken. The first error of any stage stops all others and is
/// rethrown here after their threads have ended; a stop request ends it with Interrupted. Either
/// way all finished batches are saved in the journal; those in progress are finished, too, unless
/// their engine throws Interrupted. A lost device is an error only when no other is left, NaN or
/// infinity (PrecisionError) only when nothing has a result. Memory is bounded by a fixed number of
/// windows in flight. Results do not depend on limits, repeats, batches, engines or the journal.
StageReport run_stages(const StagePlan& plan, std::stop_token stop);

}  // namespace virnucpro
