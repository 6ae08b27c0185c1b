// predictions.jsonl, contigs.jsonl and regions.jsonl: the rows of the tables as JSON, one object a
// line, for programs that join them.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "report/optional_file.h"
#include "report/region_tables.h"
#include "report/result_tables.h"

namespace virnucpro {

/// Writes nothing unless wanted. Keys are the columns of the tables, in their order; ids are as
/// there; numbers are numbers, and what is NA there is null. Thread-confined; throws OutputError.
class JsonLines {
 public:
  /// `has_earlier` as of OptionalFile; `with_runs` as of PredictionsTable.
  JsonLines(const std::string& folder, bool is_wanted, bool has_earlier, bool with_runs);

  bool is_wanted() const { return predictions_.is_wanted(); }
  /// As of PredictionsTable.
  void chunk(const RecordRow& record, const ChunkRow& chunk, std::span<const CalledFrame> frames,
             const std::optional<double>& p_calibrated);
  /// As of ContigsTable.
  void record(const RecordRow& record, const RecordSummary& summary);
  void regions(const RecordRow& record, std::span<const RegionRow> rows);

  /// Writes what is left; the files go to `group`.
  void end(OutputGroup& group);

 private:
  OptionalFile predictions_;
  OptionalFile contigs_;
  OptionalFile regions_;
  const bool with_runs_;
  std::string prefix_;  // reused: what the rows of a record share
};

}  // namespace virnucpro
