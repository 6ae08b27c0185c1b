// What scores make viral: the rules for frames, chunks and records.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

namespace virnucpro {

/// The classifier's two scores of a frame.
struct ScorePair {
  float p_others = 0.0f;
  float p_virus = 0.0f;
};

/// The largest scores of a chunk's frames, which decide about the chunk.
struct LargestScores {
  ScorePair scores;
  bool is_empty = true;  ///< no frame was added

  void add(const ScorePair& frame) {
    scores.p_others = std::max(scores.p_others, frame.p_others);
    scores.p_virus = std::max(scores.p_virus, frame.p_virus);
    is_empty = false;
  }

  /// The highest threshold at which the rule for a chunk still calls it viral:
  /// virus * (1 - T) >= others * T.
  double chunk_score() const {
    const double sum = double{scores.p_virus} + double{scores.p_others};
    return sum > 0.0 ? double{scores.p_virus} / sum : 0.0;
  }
};

/// The rule by scores. At 0.5 it is exactly that of the published tool: halving both sides of a
/// comparison of floats does not change it.
struct CallRule {
  static constexpr double kPublishedThreshold = 0.5;
  double threshold = kPublishedThreshold;  ///< between 0 and 1; for P(others) = 1 - P(virus) it is
                                           ///< the P(virus) above which a frame is viral

  /// A tie goes to others.
  bool is_virus(const ScorePair& frame) const { return virus(frame) > others(frame); }

  /// The largest P(virus) of a chunk's frames against the largest P(others). A tie goes to virus;
  /// a chunk without frames is not viral.
  bool is_viral_chunk(const LargestScores& largest) const {
    return !largest.is_empty && virus(largest.scores) >= others(largest.scores);
  }

 private:
  double virus(const ScorePair& pair) const { return double{pair.p_virus} * (1.0 - threshold); }
  double others(const ScorePair& pair) const { return double{pair.p_others} * threshold; }
};

/// The rule for a record: viral when more than half of its scored chunks are viral. A record with a
/// tie or without scored chunks is not viral.
constexpr bool is_viral_record(std::uint64_t viral_chunks, std::uint64_t scored_chunks) {
  return viral_chunks > scored_chunks - viral_chunks;
}

/// The highest threshold at which that rule calls a record viral, from the scores of its scored
/// chunks (LargestScores::chunk_score()); absent without any.
std::optional<double> record_score(std::vector<double> chunk_scores);

}  // namespace virnucpro
