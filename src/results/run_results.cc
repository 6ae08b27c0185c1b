#include "results/run_results.h"

#include <algorithm>

#include "base/escape.h"
#include "sequence/frames.h"

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

}  // namespace

RunResults::RunResults(RunDatabase& database) : database_(database) { database_.clear_results(); }

void RunResults::chunk(std::span<const CalledFrame> frames,
                       const std::optional<double>& p_calibrated) {
  const std::uint64_t number = chunks_++;
  if (frames.empty()) return;
  ChunkResult result{number, rounded(p_calibrated), 0};
  for (const CalledFrame& frame : frames) {
    if (!frame.is_virus) continue;
    // Frames are numbered as in the table `orfs`.
    const auto bit = static_cast<unsigned>(frame_of(frame.row.name).value());
    result.viral_frames |= std::uint64_t{1} << bit;
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
    result.mean_p_virus = rounded(summary.mean_p_virus());
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
