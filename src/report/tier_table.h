// contig_tiers.tsv: calls of contigs with tiers, in natural order of their ids.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/output_file.h"
#include "calls/contig_tier.h"
#include "report/sorted_lines.h"

namespace virnucpro {

/// The header of contig_tiers.tsv, without a line end.
inline constexpr std::string_view kTierColumns =
    "ID\tcall\ttier\tweighted_delta\tn_chunks\tn_confident_viral\tn_confident_nonviral\t"
    "n_ambiguous\tviral_proportion\tnonviral_proportion";

/// One row for each record with a scored chunk. Memory is bounded by `sort_memory`.
/// Thread-confined; throws OutputError.
class TierTable {
 public:
  TierTable(const std::string& path, const TierRule& rule, const std::string& folder,
            std::size_t sort_memory);

  void begin_record() { tally_.begin(); }
  /// The largest scores of a scored chunk.
  void chunk(const ScorePair& largest) { tally_.add(largest); }
  /// `record_id` is escaped and unique over the run.
  void end_record(std::string_view record_id, std::uint64_t ordinal);

  /// Writes what is left; the files go to `group`.
  void end(OutputGroup& group);

 private:
  TierTally tally_;
  OutputFile file_;
  SortedLines sorted_;
  std::string line_;  // reused
};

}  // namespace virnucpro
