// All result files of one run: it takes rows in input order and gives whole files.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "calls/call_choice.h"
#include "calls/record_caller.h"
#include "report/rows.h"
#include "report/sorted_lines.h"
#include "report/table_choice.h"
#include "run/ledger.h"

namespace virnucpro {

// The names inside the output folder.
inline constexpr const char* kPredictionsFile = "predictions.tsv";
inline constexpr const char* kContigsFile = "contigs.tsv";
inline constexpr const char* kTiersFile = "contig_tiers.tsv";
inline constexpr const char* kViralFile = "viral.fasta";
inline constexpr const char* kRegionsBedFile = "regions.bed";
inline constexpr const char* kRegionsGffFile = "regions.gff3";
inline constexpr const char* kRegionsFastaFile = "viral_regions.fasta";   // where it is asked for
inline constexpr const char* kPredictionsJsonFile = "predictions.jsonl";  // likewise
inline constexpr const char* kContigsJsonFile = "contigs.jsonl";
inline constexpr const char* kRegionsJsonFile = "regions.jsonl";
inline constexpr const char* kMultiqcGeneralFile = "virnucpro_general_mqc.json";
inline constexpr const char* kMultiqcRecordsFile = "virnucpro_records_mqc.json";
inline constexpr const char* kMultiqcScoresFile = "virnucpro_scores_mqc.json";
inline constexpr const char* kRunFile = "run.json";
inline constexpr const char* kPageFile = "report.html";
inline constexpr const char* kLegacyFramesFile = "prediction_results.txt";
inline constexpr const char* kLegacyChunksFile = "prediction_results_highestscore.csv";

/// All of them, in the order of their appearance.
inline constexpr const char* kPredictionFiles[] = {kPredictionsFile,
                                                   kContigsFile,
                                                   kTiersFile,
                                                   kViralFile,
                                                   kRegionsBedFile,
                                                   kRegionsGffFile,
                                                   kLegacyFramesFile,
                                                   kLegacyChunksFile,
                                                   kMultiqcGeneralFile,
                                                   kMultiqcRecordsFile,
                                                   kMultiqcScoresFile,
                                                   kPageFile,
                                                   kRunFile};
/// Those that are written where they are asked for.
inline constexpr const char* kOptionalFiles[] = {kRegionsFastaFile, kPredictionsJsonFile,
                                                 kContigsJsonFile, kRegionsJsonFile};

/// The totals of a run's calls.
struct CallCounts {
  std::uint64_t viral_frames = 0;
  std::uint64_t viral_chunks = 0;
  std::uint64_t viral_records = 0;
  std::optional<std::uint64_t> viral_regions;  ///< absent without a calibration
  std::uint64_t repeated_ids = 0;  ///< records whose legacy and tier rows carry a suffix
  /// The sum of 1 - p over the viral records, where calls follow calibrated probabilities.
  double expected_false_records = 0.0;
  /// Of the records; absent without a calibration or a scored record.
  std::optional<PrevalenceEstimate> prevalence;
  /// Of the viral records, whatever rule called them, at that prevalence; not known where it is
  /// vague.
  double expected_wrong_records = 0.0;
};

class CallSink;

/// Which of its files PredictionTables writes.
enum class WrittenFiles : std::uint8_t { kAll, kPageOnly };

/// Writes predictions.tsv, contigs.tsv, contig_tiers.tsv, viral.fasta, the files of regions and of
/// MultiQC, report.html and the two legacy files of `folder` under partial names, and gives all of
/// them their names in publish(). Memory grows by 16 bytes a record, and not otherwise.
/// Thread-confined; any call may throw OutputError, and ContractError when calls come in an order
/// other than begin_record, chunk..., end_record.
class PredictionTables {
 public:
  /// Makes the folder. Where `calibrated` has a threshold, it decides on calls, except in the two
  /// legacy files, which always follow `rule`, and in the tiers, which follow theirs; its
  /// calibration must outlive the tables. `sort_memory` bounds the sorting of a table. `with_runs`:
  /// predictions.tsv says what was read, for a run that reads runs where no frame is open; the
  /// legacy files and the tiers have open frames only. `records`: how many will come, as far as
  /// known: of many, report.html lists the viral ones only.
  explicit PredictionTables(const std::string& folder, CallRule rule = {},
                            CalibratedCalls calibrated = {},
                            std::size_t sort_memory = SortedLines::kDefaultMemory,
                            const TableChoice& choice = {}, bool with_runs = false,
                            std::uint64_t records = 0, WrittenFiles written = WrittenFiles::kAll);
  ~PredictionTables();

  /// Tells `sink` of all calls, too; it must outlive the rows.
  void tell(CallSink& sink);

  void begin_record(const RecordRow& record);
  /// `frames` of a scored chunk, in the order F1 F2 F3 R1 R2 R3; empty for every other outcome.
  /// `failed_frames`: how many frames of a failed chunk have no score.
  void chunk(const ChunkRow& chunk, std::span<const FrameRow> frames,
             std::uint64_t failed_frames = 0);
  /// `bases` go to viral.fasta when the record is called viral.
  void end_record(std::string_view bases);

  const Ledger& ledger() const;
  CallCounts calls() const;

  /// Completes the tables under their partial names; only publish() may follow.
  void finish();
  /// Writes run.json, where tables are written, and gives every file its name, run.json last: where
  /// it is, the others are. `precision`: what report.html says of the precision; may be empty.
  void publish(std::string_view run_json, std::string_view precision = {});

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

}  // namespace virnucpro
