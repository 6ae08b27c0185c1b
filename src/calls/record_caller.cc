#include "calls/record_caller.h"

#include "base/check.h"

namespace virnucpro {

void RecordCaller::begin() {
  record_ = {};
  evidence_ = {};
}

ChunkVerdict RecordCaller::chunk(const LargestScores& scores, const ChunkReading& reading) {
  check(!scores.is_empty, "a scored chunk without frames");
  ChunkVerdict verdict;
  verdict.score = scores.chunk_score();
  verdict.is_viral_by_scores = verdict.is_viral = rule_.is_viral_chunk(scores);
  if (calibrated_.calibration != nullptr) {
    const double probability = calibrated_.calibration->chunk_probability(verdict.score, reading);
    evidence_.add(probability, reading.is_run);
    const double log_odds = log_odds_of(probability);
    verdict.log_odds = log_odds;
    verdict.probability = calibrated_.rule.probability(log_odds);
    if (calibrated_.decide()) verdict.is_viral = is_viral(log_odds);
  }
  ++record_.chunks;
  ++record_.scored_chunks;
  record_.viral_chunks += verdict.is_viral ? 1 : 0;
  return verdict;
}

RecordVerdict RecordCaller::end() {
  record_.is_viral = is_viral_record(record_.viral_chunks, record_.scored_chunks);
  if (evidence_.scored() == 0) return record_;
  record_.log_odds = evidence_.log_odds(calibrated_.calibration->contig, record_.chunks);
  record_.probability = calibrated_.rule.probability(*record_.log_odds);
  if (calibrated_.decide()) record_.is_viral = is_viral(*record_.log_odds);
  return record_;
}

}  // namespace virnucpro
