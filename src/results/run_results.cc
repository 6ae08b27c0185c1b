#include "results/run_results.h"

#include <algorithm>

#include "base/escape.h"

namespace virnucpro {
namespace {

constexpr const char* kResultsText = "results";  // its name in the database

/// As precise as the tables, so that both say the same: a mean of two floats may lie between two.
std::optional<double> rounded(const std::optional<double>& value) {
  return value ? std::optional(double{static_cast<float>(*value)}) : std::nullopt;
}

/// True where the bytes of the name are its text for every program: DuckDB runs the views by
/// itself, and writes \xHH for all but these when it makes a text of bytes.
bool is_plain(std::string_view id) {
  return std::ranges::all_of(
      id, [](char c) { return c >= ' ' && c <= '~' && c != '\\' && c != '"' && c != '\''; });
}

/// 0 to 5 for F1 F2 F3 R1 R2 R3, as in the table `orfs`.
unsigned number_of(std::string_view frame) {
  return (frame.front() == 'R' ? 3u : 0u) + static_cast<unsigned>(frame.back() - '1');
}

}  // namespace

RunResults::RunResults(RunDatabase& database) : database_(database) { database_.clear_results(); }

void RunResults::chunk(std::span<const CalledFrame> frames,
                       const std::optional<double>& p_calibrated) {
  const std::uint64_t number = chunks_++;
  if (frames.empty()) return;
  ChunkResult result{number, rounded(p_calibrated), 0};
  for (const CalledFrame& frame : frames) {
    if (frame.is_virus) result.viral_frames |= std::uint64_t{1} << number_of(frame.row.name);
  }
  database_.add_result(result);
}

void RunResults::record(const RecordRow& record, const RecordSummary& summary) {
  const std::string id = escaped(record.id);
  RecordResult result;
  result.ordinal = record.ordinal;
  if (!is_plain(record.id)) result.escaped_id = id;
  result.chunks = summary.chunks;
  result.scored_chunks = summary.scored_chunks;
  result.frames = summary.frames;
  result.viral_chunks = summary.viral_chunks;
  if (summary.frames > 0) {
    result.mean_p_virus = rounded(summary.sum_p_virus / static_cast<double>(summary.frames));
    result.max_p_virus = double{summary.max_p_virus};
    result.p_calibrated = rounded(summary.p_calibrated);
    result.is_viral = summary.viral;
  }
  database_.add_result(result);
}

void RunResults::regions(const RecordRow& record, std::span<const RegionRow> rows) {
  for (const RegionRow& row : rows) {
    database_.add_result(RegionResult{row.number, record.ordinal, row.region.start, row.region.end,
                                      row.extent, row.chunks, row.region.scored_chunks,
                                      *rounded(row.region.probability)});
  }
}

bool needs_results(const RunDatabase& database, const std::string& choices) {
  return database.text(kResultsText) != choices;
}

void note_results(RunDatabase& database, const std::string& choices) {
  database.set_text(kResultsText, choices);
}

}  // namespace virnucpro
