#include "calls/record_caller.h"

#include <algorithm>
#include <cstddef>
#include <functional>

#include "base/check.h"

namespace virnucpro {

void RecordCaller::begin() {
  record_ = {};
  evidence_ = {};
  chunk_scores_.clear();
}

ChunkVerdict RecordCaller::chunk(const LargestScores& scores, std::uint64_t length) {
  check(!scores.is_empty, "a scored chunk without frames");
  const double score = scores.chunk_score();
  chunk_scores_.push_back(score);
  ChunkVerdict verdict;
  verdict.score = score;
  verdict.is_viral_by_scores = verdict.is_viral = rule_.is_viral_chunk(scores);
  if (calibrated_.calibration != nullptr) {
    const double probability = calibrated_.calibration->chunk_probability(score, length);
    evidence_.add(probability);
    const double log_odds = log_odds_of(probability);
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

std::optional<double> RecordCaller::record_score() {
  if (chunk_scores_.empty()) return std::nullopt;
  // A record is viral when more than half of its scored chunks are.
  const auto decisive =
      chunk_scores_.begin() + static_cast<std::ptrdiff_t>(chunk_scores_.size() / 2);
  std::nth_element(chunk_scores_.begin(), decisive, chunk_scores_.end(), std::greater<>());
  return *decisive;
}

}  // namespace virnucpro
