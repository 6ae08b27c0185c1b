#include "report/prediction_tables.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "base/check.h"
#include "base/escape.h"
#include "calls/call_choice.h"
#include "page/report_page.h"
#include "report/call_sink.h"
#include "report/free_folder.h"
#include "report/json_lines.h"
#include "report/legacy_tables.h"
#include "report/multiqc_files.h"
#include "report/region_tables.h"
#include "report/result_tables.h"
#include "report/tier_table.h"
#include "report/unique_ids.h"
#include "sequence/frames.h"

namespace virnucpro {
namespace {

std::string path_in(const std::string& folder, const char* name) { return folder + "/" + name; }

/// Of an earlier run or report: its last file may be gone, this one is not.
bool has_results(const std::string& folder) {
  std::error_code error;
  return std::filesystem::exists(path_in(folder, kPredictionsFile), error);
}

}  // namespace

namespace {

/// All files but report.html.
struct Tables {
  Tables(const std::string& folder, CallRule rule, bool is_calibrated, std::size_t sort_memory,
         const TableChoice& choice, bool with_runs)
      : predictions(path_in(folder, kPredictionsFile), with_runs),
        contigs(path_in(folder, kContigsFile)),
        tiers(path_in(folder, kTiersFile), choice.tiers, folder, sort_memory),
        viral(path_in(folder, kViralFile)),
        regions(folder, is_calibrated, choice, has_results(folder)),
        json(folder, choice.format == RowFormat::kJsonl, has_results(folder), with_runs),
        legacy(path_in(folder, kLegacyFramesFile), path_in(folder, kLegacyChunksFile), rule, folder,
               sort_memory, choice.legacy),
        multiqc(folder),
        run(path_in(folder, kRunFile)) {}

  PredictionsTable predictions;
  ContigsTable contigs;
  TierTable tiers;
  ViralFasta viral;
  RegionTables regions;
  JsonLines json;
  LegacyTables legacy;
  MultiqcFiles multiqc;
  OutputFile run;

  /// All but run.json.
  void end(OutputGroup& group) {
    group.add(predictions.file());
    group.add(contigs.file());
    tiers.end(group);
    group.add(viral.file());
    regions.end(group);
    json.end(group);
    legacy.end(group);
    multiqc.end(group);
  }
};

}  // namespace

struct PredictionTables::Files {
  Files(const std::string& in, CallRule rule, CalibratedCalls calibrated, std::size_t sort_memory,
        const TableChoice& choice, bool with_runs, std::uint64_t records, WrittenFiles written)
      : folder(made_folder(in)),
        caller(rule, calibrated),
        regions(calibrated, choice.region_probability),
        page(path_in(folder, kPageFile), rule, calibrated, records) {
    if (written == WrittenFiles::kPageOnly) return;
    tables.emplace(folder, rule, calibrated.calibration != nullptr, sort_memory, choice, with_runs);
  }

  std::string folder;
  RecordCaller caller;
  RecordRegions regions;
  ReportPage page;
  std::optional<Tables> tables;
  OutputGroup files;  // all but run.json

  CallSink* sink = nullptr;
  UniqueIds unique_ids;
  Ledger ledger;
  CallCounts calls;
  LogOddsHistogram log_odds;        // of the records that have any
  LogOddsHistogram viral_log_odds;  // of those that are called viral

  // The record between begin_record and end_record.
  bool open = false;
  RecordRow record;
  std::string id;
  std::string unique_id;          // escaped, and a suffix where it repeats another
  std::size_t escaped_bytes = 0;  // of it, without the suffix
  RecordSummary summary;
  OutcomeCounts outcomes;
  std::uint64_t run_chunks = 0;
  std::vector<double> chunk_scores;
  std::vector<CalledFrame> called;     // of the current chunk, reused
  std::vector<PageFrame> page_frames;  // likewise
  std::vector<PageRegion> page_regions;

  void show_chunk(const ChunkRow& chunk, std::span<const FrameRow> frames,
                  const std::optional<double>& probability);
  void show_record(const RecordVerdict& verdict, std::span<const RegionRow> found,
                   std::string_view bases);
};

void PredictionTables::Files::show_chunk(const ChunkRow& chunk, std::span<const FrameRow> frames,
                                         const std::optional<double>& probability) {
  page_frames.clear();
  for (const FrameRow& frame : frames) {
    const auto number = static_cast<std::uint8_t>(frame_of(frame.name).value());
    page_frames.push_back(
        {number, frame.scores.p_virus, frame.start - chunk.start, frame.end - frame.start});
  }
  page.chunk({chunk.outcome, are_runs(frames), probability}, page_frames);
}

void PredictionTables::Files::show_record(const RecordVerdict& verdict,
                                          std::span<const RegionRow> found,
                                          std::string_view bases) {
  page_regions.clear();
  for (const RegionRow& each : found) {
    page_regions.push_back({each.region.start, each.region.end, each.region.probability});
  }
  PageRecord row;
  row.ordinal = record.ordinal;
  row.id = std::string_view(unique_id).substr(0, escaped_bytes);
  row.length = record.length;
  row.chunks = summary.chunks;
  row.scored_chunks = summary.scored_chunks;
  row.viral_chunks = summary.viral_chunks;
  row.frames = summary.frames;
  row.outcome = summary.outcome;
  row.reason = summary.reason;
  row.is_viral = summary.viral;
  row.mean_p_virus = summary.mean_p_virus();
  row.max_p_virus = summary.max_p_virus;
  row.score = record_score(chunk_scores);
  row.log_odds = verdict.log_odds;
  row.regions = page_regions;
  row.gc = gc_share(bases);
  page.record(row);
}

PredictionTables::PredictionTables(const std::string& folder, CallRule rule,
                                   CalibratedCalls calibrated, std::size_t sort_memory,
                                   const TableChoice& choice, bool with_runs, std::uint64_t records,
                                   WrittenFiles written)
    : files_(std::make_unique<Files>(folder, rule, calibrated, sort_memory, choice, with_runs,
                                     records, written)) {}

PredictionTables::~PredictionTables() = default;

void PredictionTables::tell(CallSink& sink) { files_->sink = &sink; }

void PredictionTables::begin_record(const RecordRow& record) {
  Files& f = *files_;
  check(!f.open, "record {} begins inside another", record.ordinal);
  check(f.ledger.records.total() == 0 || record.ordinal > f.record.ordinal,
        "record {} comes after record {}", record.ordinal, f.record.ordinal);
  f.open = true;
  f.id = record.id;
  f.record = {record.ordinal, f.id, record.length};
  // Escaped first, so that ids which are equal once escaped are told apart, too.
  const std::string escaped_id = escaped(record.id);
  f.escaped_bytes = escaped_id.size();
  f.unique_id = f.unique_ids.assign(escaped_id);
  f.summary = {};
  f.chunk_scores.clear();
  f.caller.begin();
  if (f.tables) f.tables->tiers.begin_record();
  f.regions.begin_record();
  f.outcomes = {};
  f.run_chunks = 0;
}

void PredictionTables::chunk(const ChunkRow& chunk, std::span<const FrameRow> frames,
                             std::uint64_t failed_frames) {
  Files& f = *files_;
  check(f.open && chunk.index == f.summary.chunks, "chunk {} of record {} comes after {} others",
        chunk.index, f.record.ordinal, f.summary.chunks);
  check((chunk.outcome == Outcome::kScored) != frames.empty(), "{} scores for a chunk that is {}",
        frames.size(), name_of(chunk.outcome));
  RecordSummary& summary = f.summary;
  ++summary.chunks;
  f.outcomes.add(chunk.outcome);
  f.ledger.chunks.add(chunk.outcome);
  f.ledger.frames += frames.size();
  f.ledger.failed_frames += failed_frames;
  if (chunk.outcome == Outcome::kFailed && summary.reason.empty()) summary.reason = chunk.reason;
  if (frames.empty()) {
    f.regions.chunk(chunk, std::nullopt);
    if (f.sink != nullptr) f.sink->chunk({}, std::nullopt);
    f.show_chunk(chunk, frames, std::nullopt);
    return f.caller.unscored_chunk();
  }

  const LargestScores largest = largest_scores(frames);
  const ChunkVerdict verdict = f.caller.chunk(largest, reading_of(frames, chunk.end - chunk.start));
  f.regions.chunk(chunk, verdict.log_odds);
  f.show_chunk(chunk, frames, verdict.probability);
  f.chunk_scores.push_back(verdict.score);
  summary.frames += frames.size();
  f.called.clear();
  for (const FrameRow& frame : frames) {
    summary.sum_p_virus += static_cast<double>(frame.scores.p_virus);
    summary.max_p_virus = std::max(summary.max_p_virus, frame.scores.p_virus);
    f.called.push_back({frame, f.caller.is_virus(frame.scores, verdict)});
    f.calls.viral_frames += f.called.back().is_virus ? 1 : 0;
  }
  f.calls.viral_chunks += verdict.is_viral ? 1 : 0;
  if (f.tables) {
    f.tables->predictions.chunk(f.record, chunk, f.called, verdict.probability);
    f.tables->json.chunk(f.record, chunk, f.called, verdict.probability);
  }
  if (f.sink != nullptr) f.sink->chunk(f.called, verdict.probability);
  // The published tools, whose tables these are, know no runs.
  if (are_runs(frames)) {
    ++f.ledger.run_chunks;
    ++f.run_chunks;
    return;
  }
  if (!f.tables) return;
  f.tables->tiers.chunk(largest.scores);
  f.tables->legacy.chunk(f.unique_id, chunk.index, frames, verdict.is_viral_by_scores);
}

void PredictionTables::end_record(std::string_view bases) {
  Files& f = *files_;
  check(f.open, "a record ends that has not begun");
  f.open = false;
  const RecordVerdict verdict = f.caller.end();
  f.summary.scored_chunks = verdict.scored_chunks;
  f.summary.viral_chunks = verdict.viral_chunks;
  f.summary.viral = verdict.is_viral;
  f.summary.p_calibrated = verdict.probability;
  if (f.caller.follows_probabilities() && verdict.is_viral) {
    f.calls.expected_false_records += 1.0 - *verdict.probability;
  }
  if (verdict.log_odds) {
    f.log_odds.add(*verdict.log_odds);
    if (verdict.is_viral) f.viral_log_odds.add(*verdict.log_odds);
  }
  f.summary.outcome = outcome_of_record(f.outcomes);
  f.ledger.records.add(f.summary.outcome);
  const bool is_read_by_runs = f.run_chunks > 0 && f.run_chunks == verdict.scored_chunks;
  if (f.summary.outcome == Outcome::kScored && is_read_by_runs) ++f.ledger.run_records;
  const std::span<const RegionRow> regions = f.regions.end_record();
  if (f.tables) {
    f.tables->contigs.record(f.record, f.summary);
    f.tables->json.record(f.record, f.summary);
    f.tables->multiqc.record(f.record, f.summary);
    f.tables->tiers.end_record(f.unique_id, f.record.ordinal);
    const std::string_view suffix = std::string_view(f.unique_id).substr(f.escaped_bytes);
    f.tables->regions.record(f.record, suffix, bases, regions);
    f.tables->json.regions(f.record, regions);
  }
  f.show_record(verdict, regions, bases);
  if (f.sink != nullptr) {
    f.sink->record(f.record, f.summary);
    f.sink->regions(f.record, regions);
  }
  if (!f.summary.viral) return;
  ++f.calls.viral_records;
  if (f.tables) f.tables->viral.record(f.id, bases);
}

const Ledger& PredictionTables::ledger() const { return files_->ledger; }

CallCounts PredictionTables::calls() const {
  CallCounts calls = files_->calls;
  if (files_->log_odds.total() > 0) {
    calls.prevalence = estimate_prevalence(files_->log_odds);
    calls.expected_wrong_records = expected_wrong(files_->viral_log_odds, calls.prevalence->share);
  }
  calls.viral_regions = files_->regions.regions();
  calls.repeated_ids = files_->unique_ids.renamed();
  return calls;
}

void PredictionTables::finish() {
  Files& f = *files_;
  check(!f.open, "the tables end inside record {}", f.record.ordinal);
  if (!f.tables) return;
  f.tables->end(f.files);
  f.files.sync();
}

void PredictionTables::publish(std::string_view run_json, std::string_view precision) {
  const CallCounts totals = calls();
  Files& f = *files_;
  f.page.end(run_json, {totals.prevalence, totals.expected_wrong_records, precision}, f.files);
  OutputGroup last;
  if (f.tables) {
    f.tables->run.write(run_json);
    last.add(f.tables->run);
  }
  f.files.sync();
  last.sync();
  // Of an earlier run: it must never vouch for tables of two runs.
  if (f.tables) f.tables->run.withdraw();
  f.files.publish();
  last.publish();
}

}  // namespace virnucpro
