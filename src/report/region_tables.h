// regions.bed and regions.gff3: the viral regions of all records; viral_regions.fasta on request.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/output_file.h"
#include "calls/record_caller.h"
#include "calls/region_finder.h"
#include "report/optional_file.h"
#include "report/rows.h"
#include "report/table_choice.h"

namespace virnucpro {

/// A region of a record, counted over the run from 1.
struct RegionRow {
  std::uint64_t number = 0;
  ViralRegion region;
  std::uint64_t chunks = 0;  ///< of the region
  /// What of the record it takes: "whole", its "start", its "end", or an "inner" part.
  std::string_view extent;
};

/// The seqid of GFF3: all bytes but those that it allows become %HH, and the first one of a name as
/// below; an empty id becomes ".".
void append_gff_id(std::string& text, std::string_view id);
/// The chrom of BED: escaped as in the other tables, and in its first byte where the row would be
/// taken for a line of a header ("#a", "track1"); an empty id becomes ".".
void append_bed_id(std::string& text, std::string_view id);

/// Finds the regions of each record whose probability reaches that of the choice; none without a
/// calibration. Memory grows with the longest record alone. Thread-confined.
class RecordRegions {
 public:
  RecordRegions(const CalibratedCalls& calibrated, double least_probability);

  void begin_record() { chunks_.clear(); }
  /// `log_odds` as of ChunkEvidence.
  void chunk(const ChunkRow& chunk, const std::optional<double>& log_odds) {
    chunks_.push_back({chunk.start, chunk.end, log_odds});
  }
  /// The regions of the record, valid until the next one ends.
  std::span<const RegionRow> end_record();

  /// How many there were; absent without a calibration.
  std::optional<std::uint64_t> regions() const;

 private:
  std::optional<RegionFinder> finder_;
  double least_probability_;
  std::uint64_t regions_ = 0;
  std::vector<ChunkEvidence> chunks_;  // of the current record
  std::vector<RegionRow> rows_;        // likewise
};

/// The files of regions, in input order. Without a calibration they say so and have no rows.
/// Thread-confined; throws OutputError.
class RegionTables {
 public:
  /// `has_earlier` as of OptionalFile.
  RegionTables(const std::string& folder, bool is_calibrated, const TableChoice& choice,
               bool has_earlier);

  /// The regions of a record. `suffix` makes its id unique; `bases` go to the FASTA file.
  void record(const RecordRow& record, std::string_view suffix, std::string_view bases,
              std::span<const RegionRow> rows);
  /// Writes what is left; the files go to `group`.
  void end(OutputGroup& group);

 private:
  void write(const RecordRow& record, std::string_view suffix, const RegionRow& row);

  OutputFile bed_;
  OutputFile gff_;
  OptionalFile fasta_;
  std::string id_;  // reused
};

}  // namespace virnucpro
