// Who else wants to know what the tables say.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "report/region_tables.h"
#include "report/result_tables.h"

namespace virnucpro {

/// Receives the calls of a run in its order: each chunk of a record, then the record, then its
/// regions. Views are valid during the call.
class CallSink {
 public:
  virtual ~CallSink() = default;
  /// `frames` are empty for a chunk that is not scored.
  virtual void chunk(std::span<const CalledFrame> frames,
                     const std::optional<double>& p_calibrated) = 0;
  virtual void record(const RecordRow& record, const RecordSummary& summary) = 0;
  virtual void regions(const RecordRow& record, std::span<const RegionRow> rows) = 0;
};

}  // namespace virnucpro
