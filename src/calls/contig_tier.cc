#include "calls/contig_tier.h"

#include <cmath>

#include "base/check.h"

namespace virnucpro {
namespace {

double share_of(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// The next lower one, with `review` as the last.
Tier lowered(Tier tier) {
  switch (tier) {
    case Tier::kHigh:
    case Tier::kModerate:
      return Tier::kLow;
    case Tier::kLow:
    case Tier::kReview:
      break;
  }
  return Tier::kReview;
}

}  // namespace

std::string_view name_of(ContigCall call) {
  switch (call) {
    case ContigCall::kViral:
      return "Viral";
    case ContigCall::kNonviral:
      return "Non-viral";
    case ContigCall::kAmbiguous:
      break;
  }
  return "Ambiguous";
}

std::string_view name_of(Tier tier) {
  switch (tier) {
    case Tier::kHigh:
      return "high_confidence";
    case Tier::kModerate:
      return "moderate_confidence";
    case Tier::kLow:
      return "low_confidence";
    case Tier::kReview:
      break;
  }
  return "review";
}

void TierTally::add(const ScorePair& chunk) {
  const double others = chunk.p_others;
  const double virus = chunk.p_virus;
  const double delta = virus - others;
  const double weight = std::sqrt(std::abs(delta));
  delta_ += delta;
  weight_ += weight;
  weighted_ += delta * weight;
  const auto is_confident = [&](double winner, double loser) {
    return winner > rule_.min_confident_score && loser < rule_.max_opposing_score;
  };
  ++sums_.chunks;
  sums_.confident_viral += is_confident(virus, others) ? 1 : 0;
  sums_.confident_nonviral += is_confident(others, virus) ? 1 : 0;
  sums_.ambiguous +=
      virus > rule_.min_ambiguous_score && others > rule_.min_ambiguous_score ? 1 : 0;
}

ContigTier TierTally::verdict() const {
  check(!is_empty(), "a contig without scored chunks has no tier");
  ContigTier contig = sums_;
  contig.weighted_delta =
      weight_ > 0.0 ? weighted_ / weight_ : delta_ / static_cast<double>(contig.chunks);
  const std::uint64_t effective = contig.chunks - contig.ambiguous;
  contig.viral_proportion = share_of(contig.confident_viral, effective);
  contig.nonviral_proportion = share_of(contig.confident_nonviral, effective);

  const auto tier_of = [&](std::uint64_t confident, double proportion, double least) {
    if (confident == 0 || proportion < least) return Tier::kLow;
    return std::abs(contig.weighted_delta) > rule_.high_confidence_delta ? Tier::kHigh
                                                                         : Tier::kModerate;
  };
  if (contig.weighted_delta > rule_.min_weighted_delta) {
    contig.call = ContigCall::kViral;
    contig.tier = tier_of(contig.confident_viral, contig.viral_proportion, rule_.min_viral_prop);
  } else if (contig.weighted_delta < -rule_.min_weighted_delta) {
    contig.call = ContigCall::kNonviral;
    contig.tier =
        tier_of(contig.confident_nonviral, contig.nonviral_proportion, rule_.min_nonviral_prop);
  }
  if (contig.chunks < rule_.min_chunks) contig.tier = lowered(contig.tier);
  return contig;
}

}  // namespace virnucpro
