// The two result files of the published tool, byte for byte.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/output_file.h"
#include "report/rows.h"
#include "report/sorted_lines.h"

namespace virnucpro {

/// Frames in input order, chunks sorted by id. `record_id` is escaped and unique over the
/// run. Thread-confined; throws OutputError.
class LegacyTables {
 public:
  LegacyTables(const std::string& frames_path, const std::string& chunks_path, CallRule rule,
               const std::string& folder, std::size_t sort_memory);

  /// Non-empty `frames` of one chunk; `viral` is its call.
  void chunk(std::string_view record_id, std::uint64_t index, std::span<const FrameRow> frames,
             bool viral);
  void finish();
  void publish();

 private:
  const CallRule rule_;
  OutputFile frames_;
  OutputFile chunks_;
  SortedLines sorted_;
  std::string chunk_id_;  // reused
};

}  // namespace virnucpro
