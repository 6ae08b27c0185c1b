// Calls of contigs from the scores of their chunks, with tiers of confidence, as pipelines make
// them.
#pragma once

#include <cstdint>
#include <string_view>

#include "calls/call_rule.h"

namespace virnucpro {

/// The thresholds. The defaults are those of viral-ngs' virnucpro_contigs, whose calls these are.
struct TierRule {
  double min_confident_score = 0.8;    ///< of the winning class of a confident chunk, exceeded
  double max_opposing_score = 0.3;     ///< of the other class of a confident chunk, not reached
  double min_ambiguous_score = 0.7;    ///< of both classes of an ambiguous chunk, exceeded
  double min_weighted_delta = 0.3;     ///< of a call other than Ambiguous, exceeded
  double high_confidence_delta = 0.6;  ///< of the highest tier, exceeded
  double min_viral_prop = 0.1;         ///< of confident viral chunks, for the two highest tiers
  double min_nonviral_prop = 0.1;      ///< of confident non-viral chunks, likewise
  std::uint64_t min_chunks = 5;        ///< with fewer, a contig is one tier lower
  bool operator==(const TierRule&) const = default;
};

enum class ContigCall : std::uint8_t { kViral, kNonviral, kAmbiguous };
enum class Tier : std::uint8_t { kHigh, kModerate, kLow, kReview };
/// "Viral", "Non-viral", "Ambiguous".
std::string_view name_of(ContigCall call);
/// "high_confidence", "moderate_confidence", "low_confidence", "review".
std::string_view name_of(Tier tier);

/// The verdict on one contig with at least one scored chunk.
struct ContigTier {
  ContigCall call = ContigCall::kAmbiguous;
  Tier tier = Tier::kReview;
  double weighted_delta = 0.0;  ///< -1 to 1; above 0: rather viral
  std::uint64_t chunks = 0;     ///< scored
  std::uint64_t confident_viral = 0;
  std::uint64_t confident_nonviral = 0;
  std::uint64_t ambiguous = 0;
  double viral_proportion = 0.0;     ///< over the chunks that are not ambiguous; 0 without any
  double nonviral_proportion = 0.0;  ///< likewise
};

/// Gathers the chunks of one contig. Thread-confined.
class TierTally {
 public:
  explicit TierTally(const TierRule& rule) : rule_(rule) {}

  void begin() { *this = TierTally(rule_); }
  /// The largest scores of a scored chunk.
  void add(const ScorePair& chunk);
  bool is_empty() const { return sums_.chunks == 0; }
  /// Of at least one chunk.
  ContigTier verdict() const;

 private:
  TierRule rule_;
  ContigTier sums_;  // the counts
  double delta_ = 0.0;
  double weight_ = 0.0;
  double weighted_ = 0.0;
};

}  // namespace virnucpro
