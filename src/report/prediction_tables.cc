#include "report/prediction_tables.h"

#include <algorithm>

#include "base/check.h"
#include "base/escape.h"
#include "report/legacy_tables.h"
#include "report/result_tables.h"
#include "report/unique_ids.h"

namespace virnucpro {
namespace {

std::string path_in(const std::string& folder, const char* name) { return folder + "/" + name; }

const std::string& made(const std::string& folder) {
  make_result_folder(folder);
  return folder;
}

}  // namespace

struct PredictionTables::Files {
  Files(const std::string& in, CallRule calls_by, CalibratedCalls calibrated_calls,
        std::size_t sort_memory)
      : folder(made(in)),
        rule(calls_by),
        calibrated(calibrated_calls),
        predictions(path_in(folder, kPredictionsFile), rule),
        contigs(path_in(folder, kContigsFile)),
        viral(path_in(folder, kViralFile)),
        legacy(path_in(folder, kLegacyFramesFile), path_in(folder, kLegacyChunksFile), rule, folder,
               sort_memory),
        run(path_in(folder, kRunFile)) {}

  std::string folder;
  CallRule rule;
  CalibratedCalls calibrated;
  PredictionsTable predictions;
  ContigsTable contigs;
  ViralFasta viral;
  LegacyTables legacy;
  OutputFile run;

  UniqueIds unique_ids;
  Ledger ledger;
  CallCounts calls;

  // The record between begin_record and end_record.
  bool open = false;
  RecordRow record;
  std::string id;
  std::string unique_id;
  RecordSummary summary;
  ContigEvidence evidence;
  OutcomeCounts outcomes;
};

PredictionTables::PredictionTables(const std::string& folder, CallRule rule,
                                   CalibratedCalls calibrated, std::size_t sort_memory)
    : files_(std::make_unique<Files>(folder, rule, calibrated, sort_memory)) {}

PredictionTables::~PredictionTables() = default;

void PredictionTables::begin_record(const RecordRow& record) {
  Files& f = *files_;
  check(!f.open, "record {} begins inside another", record.ordinal);
  check(f.ledger.records.total() == 0 || record.ordinal > f.record.ordinal,
        "record {} comes after record {}", record.ordinal, f.record.ordinal);
  f.open = true;
  f.id = record.id;
  f.record = {record.ordinal, f.id, record.length};
  // Escaped first: ids that only differ in what is escaped are told apart, too.
  f.unique_id = f.unique_ids.assign(escaped(record.id));
  f.summary = {};
  f.evidence = {};
  f.outcomes = {};
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
  if (frames.empty()) return;

  const bool viral_by_rule = f.rule.is_viral_chunk(frames);
  bool viral = viral_by_rule;
  ChunkCall call;
  if (f.calibrated.calibration != nullptr) {
    const double probability = f.calibrated.calibration->chunk_probability(
        largest_scores(frames).chunk_score(), chunk.end - chunk.start);
    f.evidence.add(probability);
    const double log_odds = log_odds_of(probability);
    call.p_calibrated = f.calibrated.rule.probability(log_odds);
    if (f.calibrated.decide()) call.viral = viral = f.calibrated.is_viral(log_odds);
  }
  ++summary.scored_chunks;
  summary.viral_chunks += viral ? 1 : 0;
  summary.frames += frames.size();
  for (const FrameRow& frame : frames) {
    summary.sum_p_virus += static_cast<double>(frame.p_virus);
    summary.max_p_virus = std::max(summary.max_p_virus, frame.p_virus);
    f.calls.viral_frames += call.viral.value_or(f.rule.is_virus(frame)) ? 1 : 0;
  }
  f.calls.viral_chunks += viral ? 1 : 0;
  f.predictions.chunk(f.record, chunk, frames, call);
  f.legacy.chunk(f.unique_id, chunk.index, frames, viral_by_rule);
}

void PredictionTables::end_record(std::string_view bases) {
  Files& f = *files_;
  check(f.open, "a record ends that has not begun");
  f.open = false;
  f.summary.viral = is_viral_record(f.summary.viral_chunks, f.summary.scored_chunks);
  if (f.evidence.scored() > 0) {
    const CalibratedCalls& calibrated = f.calibrated;
    const double log_odds = f.evidence.log_odds(calibrated.calibration->contig, f.summary.chunks);
    const double probability = calibrated.rule.probability(log_odds);
    f.summary.p_calibrated = probability;
    if (calibrated.decide()) {
      f.summary.viral = calibrated.is_viral(log_odds);
      f.calls.expected_false_records += f.summary.viral ? 1.0 - probability : 0.0;
    }
  }
  f.summary.outcome = outcome_of_record(f.outcomes);
  f.ledger.records.add(f.summary.outcome);
  f.contigs.record(f.record, f.summary);
  if (!f.summary.viral) return;
  ++f.calls.viral_records;
  f.viral.record(f.id, bases);
}

const Ledger& PredictionTables::ledger() const { return files_->ledger; }

CallCounts PredictionTables::calls() const {
  CallCounts calls = files_->calls;
  calls.repeated_ids = files_->unique_ids.renamed();
  return calls;
}

void PredictionTables::finish() {
  Files& f = *files_;
  check(!f.open, "the tables end inside record {}", f.record.ordinal);
  f.predictions.file().finish();
  f.contigs.file().finish();
  f.viral.file().finish();
  f.legacy.finish();
}

void PredictionTables::publish(std::string_view run_json) {
  Files& f = *files_;
  f.run.write(run_json);
  f.run.finish();
  f.run.withdraw();  // of an earlier run: it must never vouch for tables of two runs
  f.predictions.file().publish();
  f.contigs.file().publish();
  f.viral.file().publish();
  f.legacy.publish();
  f.run.publish();
}

}  // namespace virnucpro
