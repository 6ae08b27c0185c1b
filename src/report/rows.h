// The facts that the result tables are made of, as plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "calls/calibration.h"
#include "calls/call_choice.h"
#include "report/ledger.h"

namespace virnucpro {

/// One scored frame. `name` is F1..F3 or R1..R3.
struct FrameRow {
  std::string_view name;
  float p_others = 0.0f;
  float p_virus = 0.0f;
};

/// The largest scores of a chunk's frames, which decide on it.
struct LargestScores {
  float p_others = 0.0f;
  float p_virus = 0.0f;

  void add(float others, float virus) {
    p_others = std::max(p_others, others);
    p_virus = std::max(p_virus, virus);
  }

  /// The highest threshold at which the rule for a chunk still calls it viral:
  /// virus * (1 - T) >= others * T.
  double chunk_score() const {
    const double sum = double{p_virus} + double{p_others};
    return sum > 0.0 ? double{p_virus} / sum : 0.0;
  }
};

inline LargestScores largest_scores(std::span<const FrameRow> frames) {
  LargestScores largest;
  for (const FrameRow& frame : frames) largest.add(frame.p_others, frame.p_virus);
  return largest;
}

/// What counts as viral. At 0.5 these are the rules of the published tool, exactly: halving both
/// sides of a comparison of floats does not change it.
struct CallRule {
  static constexpr double kPublishedThreshold = 0.5;
  double threshold = kPublishedThreshold;  ///< between 0 and 1; for P(others) = 1 - P(virus) it is
                                           ///< the P(virus) above which a frame is viral

  /// A tie goes to others.
  bool is_virus(const FrameRow& frame) const {
    return weighted_virus(frame.p_virus) > weighted_others(frame.p_others);
  }

  /// The largest P(virus) of a chunk's frames against the largest P(others). A tie goes to virus;
  /// a chunk without frames is not viral.
  bool is_viral_chunk(std::span<const FrameRow> frames) const {
    const LargestScores largest = largest_scores(frames);
    return !frames.empty() && weighted_virus(largest.p_virus) >= weighted_others(largest.p_others);
  }

 private:
  double weighted_virus(float p_virus) const { return double{p_virus} * (1.0 - threshold); }
  double weighted_others(float p_others) const { return double{p_others} * threshold; }
};

/// Calibrated probabilities beside the scores. With a threshold in `rule`, calls follow them.
struct CalibratedCalls {
  const Calibration* calibration = nullptr;  ///< borrowed; null: none
  CalibratedRule rule;

  bool decide() const { return calibration != nullptr && rule.threshold.has_value(); }
  bool is_viral(double log_odds) const { return log_odds >= *rule.threshold; }
};

/// The rule for a record: viral when more than half of its scored chunks are viral. A tie, and a
/// record without scored chunks, is not.
constexpr bool is_viral_record(std::uint64_t viral_chunks, std::uint64_t scored_chunks) {
  return viral_chunks > scored_chunks - viral_chunks;
}

/// One chunk: bases [start, end) of its record, 0-based.
struct ChunkRow {
  std::uint64_t index = 0;  ///< within the record, from 0
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  Outcome outcome = Outcome::kNoOrf;
  std::string_view reason;  ///< of a failure
};

/// One record. Views are valid during the call they are passed to.
struct RecordRow {
  std::uint64_t ordinal = 0;  ///< over all inputs, from 0; the tables count from 1
  std::string_view id;
  std::uint64_t length = 0;
};

}  // namespace virnucpro
