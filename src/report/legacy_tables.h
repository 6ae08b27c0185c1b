// The two result files of the published tool, byte for byte, in either of their forms.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/output_file.h"
#include "report/rows.h"
#include "report/sorted_lines.h"
#include "report/table_choice.h"

namespace virnucpro {

/// Frames in input order; chunks in input order with their largest scores (v2), or sorted by id
/// (original). `record_id` is escaped and unique over the run. Thread-confined; throws OutputError.
class LegacyTables {
 public:
  LegacyTables(const std::string& frames_path, const std::string& chunks_path, CallRule rule,
               const std::string& folder, std::size_t sort_memory,
               LegacyFormat format = LegacyFormat::kV2);

  /// Non-empty `frames` of one chunk; `viral` is its call.
  void chunk(std::string_view record_id, std::uint64_t index, std::span<const FrameRow> frames,
             bool viral);
  /// Writes what is left; the files go to `group`.
  void end(OutputGroup& group);

 private:
  void append_scores(std::string& row, const ScorePair& scores) const;
  void append_score(std::string& row, float score) const;
  void write_sorted();

  const CallRule rule_;
  const LegacyFormat format_;
  OutputFile frames_;
  OutputFile chunks_;
  SortedLines sorted_;    // of the original form
  std::string chunk_id_;  // reused
  std::string largest_;   // reused: the largest scores of the chunk, as text
};

}  // namespace virnucpro
