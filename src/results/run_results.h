// What the result tables say, stored with a run for the views of its database.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "report/call_sink.h"
#include "run/run_database.h"

namespace virnucpro {

/// Replaces the results that the database has, as the tables are written. Thread-confined; its
/// calls throw what the database threw at an earlier one.
class RunResults final : public CallSink {
 public:
  /// `database` holds a complete run and must outlive this. Of more `threads` than three, one of
  /// its own stores the rows.
  explicit RunResults(RunDatabase& database, std::size_t threads = 1);
  ~RunResults() override;

  void chunk(std::span<const CalledFrame> frames,
             const std::optional<double>& p_calibrated) override;
  void record(const RecordRow& record, const RecordSummary& summary) override;
  void regions(const RecordRow& record, std::span<const RegionRow> rows) override;

  /// Waits until all rows are stored; nothing may follow.
  void finish();

 private:
  class Rows;
  class Store;

  Rows& next();
  void pass_if_full();

  std::unique_ptr<Store> store_;
  std::unique_ptr<Rows> rows_;  ///< the next ones; null where there are none
  std::uint64_t chunks_ = 0;
};

/// True unless the database has the results of these choices, as note_results() noted them.
bool needs_results(const RunDatabase& database, const std::string& choices);
void note_results(RunDatabase& database, const std::string& choices);

}  // namespace virnucpro
