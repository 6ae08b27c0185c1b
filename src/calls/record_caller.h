// Decides whether a chunk and a record are viral, and how probable that is.
#pragma once

#include <cstdint>
#include <optional>

#include "calls/calibration.h"
#include "calls/call_choice.h"
#include "calls/call_rule.h"

namespace virnucpro {

/// Calibrated probabilities beside the scores. With a threshold in `rule`, calls follow them.
struct CalibratedCalls {
  const Calibration* calibration = nullptr;  ///< borrowed; null: none
  CalibratedRule rule;

  bool decide() const { return calibration != nullptr && rule.threshold.has_value(); }
};

/// The verdict on one scored chunk.
struct ChunkVerdict {
  double score = 0.0;  ///< the highest threshold at which scores call it viral
  bool is_viral_by_scores = false;
  bool is_viral = false;              ///< by probabilities where the rule says so, else by scores
  std::optional<double> log_odds;     ///< at a prevalence of one half; absent: no calibration
  std::optional<double> probability;  ///< the same, at the prevalence of the rule
};

/// The verdict on one record.
struct RecordVerdict {
  std::uint64_t chunks = 0;
  std::uint64_t scored_chunks = 0;
  std::uint64_t viral_chunks = 0;
  bool is_viral = false;
  /// At a prevalence of one half; absent without a calibration or a scored chunk.
  std::optional<double> log_odds;
  std::optional<double> probability;  ///< the same, at the prevalence of the rule
};

/// Calls records one after the other: begin(), chunk() or unscored_chunk() for each of its chunks,
/// end(). Used by the tables, calibration and judging. Thread-confined.
class RecordCaller {
 public:
  /// What `calibrated` borrows must outlive it.
  explicit RecordCaller(CallRule rule = {}, CalibratedCalls calibrated = {})
      : rule_(rule), calibrated_(calibrated) {}

  void begin();
  /// A chunk with at least one scored frame or run.
  ChunkVerdict chunk(const LargestScores& scores, const ChunkReading& reading);
  /// A chunk without a scored frame: too short, no open frame, or failed.
  void unscored_chunk() { ++record_.chunks; }
  RecordVerdict end();

  /// A frame is called like its chunk where probabilities decide, and by its own scores elsewhere.
  bool is_virus(const ScorePair& frame, const ChunkVerdict& chunk) const {
    return calibrated_.decide() ? chunk.is_viral : rule_.is_virus(frame);
  }
  /// Calls follow calibrated probabilities.
  bool follows_probabilities() const { return calibrated_.decide(); }

 private:
  bool is_viral(double log_odds) const { return log_odds >= *calibrated_.rule.threshold; }

  CallRule rule_;
  CalibratedCalls calibrated_;
  // The current record.
  RecordVerdict record_;
  ContigEvidence evidence_;
};

}  // namespace virnucpro
