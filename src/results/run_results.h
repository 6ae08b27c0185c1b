// What the result tables say, stored with a run for the views of its database.
#pragma once

#include <cstdint>
#include <string>

#include "report/call_sink.h"
#include "run/run_database.h"

namespace virnucpro {

/// Replaces the results that the database has, as the tables are written. Thread-confined.
class RunResults final : public CallSink {
 public:
  /// `database` holds a complete run and must outlive this.
  explicit RunResults(RunDatabase& database);

  void chunk(std::span<const CalledFrame> frames,
             const std::optional<double>& p_calibrated) override;
  void record(const RecordRow& record, const RecordSummary& summary) override;
  void regions(const RecordRow& record, std::span<const RegionRow> rows) override;

 private:
  RunDatabase& database_;
  std::uint64_t chunks_ = 0;
};

/// True unless the database has the results of these choices, as note_results() noted them.
bool needs_results(const RunDatabase& database, const std::string& choices);
void note_results(RunDatabase& database, const std::string& choices);

}  // namespace virnucpro
