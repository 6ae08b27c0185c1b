#include "calls/region_finder.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "calls/calibration.h"

namespace virnucpro {
namespace {

/// log(exp(a) + exp(b)), without overflow.
double log_sum(double a, double b) {
  const double most = std::max(a, b);
  return most + std::log1p(std::exp(std::min(a, b) - most));
}

}  // namespace

RegionFinder::RegionFinder(double prevalence, const RegionModel& model) : model_(model) {
  check(model.viral_length > 0.0 && model.other_length > 0.0 && model.weight > 0.0,
        "a model of regions of lengths {} and {} and the weight {}", model.viral_length,
        model.other_length, model.weight);
  check(prevalence > 0.0 && prevalence < 1.0, "a prevalence of {}", prevalence);
  share_ = model.viral_length / (model.viral_length + model.other_length);
  rate_ = 1.0 / model.viral_length + 1.0 / model.other_length;
  // A record is no random stretch of a genome: it is viral as a whole with the probability that
  // calls have, too. Half of the change at each end: a record of one chunk gets all of it, and a
  // record the same as its reverse.
  const double of_chain = std::log(share_) - std::log1p(-share_);
  const double of_records = std::log(prevalence) - std::log1p(-prevalence);
  at_an_end_ = {0.0, 0.5 * (of_records - of_chain)};
}

RegionFinder::Step RegionFinder::step_over(std::uint64_t bases) const {
  // The share of chains that have turned at least once, and forgot their state.
  const double turned = -std::expm1(-rate_ * static_cast<double>(bases));
  return {std::log1p(-share_ * turned), std::log(share_ * turned),
          std::log((1.0 - share_) * turned), std::log1p(-(1.0 - share_) * turned)};
}

void RegionFinder::sum_forward(std::span<const ChunkEvidence> chunks) {
  forward_.resize(chunks.size());
  steps_.resize(chunks.size());
  evidence_.resize(chunks.size());
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    evidence_[i] = model_.weight * chunks[i].log_odds.value_or(0.0);
    if (i == 0) {
      forward_[0] = {std::log1p(-share_) + at_an_end_.others,
                     std::log(share_) + at_an_end_.virus + evidence_[0]};
      continue;
    }
    check(chunks[i].start > chunks[i - 1].start, "chunk {} begins where the one before does", i);
    const Step step = steps_[i] = step_over(chunks[i].start - chunks[i - 1].start);
    const Pair before = forward_[i - 1];
    forward_[i] = {
        log_sum(before.others + step.stay_others, before.virus + step.to_others),
        log_sum(before.others + step.to_virus, before.virus + step.stay_virus) + evidence_[i]};
  }
}

void RegionFinder::sum_backward() {
  backward_.resize(forward_.size());
  backward_.back() = at_an_end_;
  for (std::size_t i = backward_.size() - 1; i > 0; --i) {
    const Step& step = steps_[i];
    const Pair behind = {backward_[i].others, backward_[i].virus + evidence_[i]};
    backward_[i - 1] = {log_sum(step.stay_others + behind.others, step.to_virus + behind.virus),
                        log_sum(step.to_others + behind.others, step.stay_virus + behind.virus)};
  }
}

void RegionFinder::find_best_path() {
  // Viterbi's algorithm. Bit 0: the best state before this one being others; bit 1: it being virus.
  is_viral_.resize(evidence_.size());
  Pair best = {std::log1p(-share_) + at_an_end_.others,
               std::log(share_) + at_an_end_.virus + evidence_[0]};
  for (std::size_t i = 1; i < evidence_.size(); ++i) {
    const Step& step = steps_[i];
    const bool from_virus_to_others = best.virus + step.to_others > best.others + step.stay_others;
    const bool from_virus_to_virus = best.virus + step.stay_virus > best.others + step.to_virus;
    is_viral_[i] =
        static_cast<std::uint8_t>((from_virus_to_others ? 1 : 0) | (from_virus_to_virus ? 2 : 0));
    best = {std::max(best.others + step.stay_others, best.virus + step.to_others),
            std::max(best.others + step.to_virus, best.virus + step.stay_virus) + evidence_[i]};
  }
  bool is_viral = best.virus + at_an_end_.virus > best.others + at_an_end_.others;
  for (std::size_t i = evidence_.size(); i-- > 0;) {
    const bool before = (is_viral_[i] & (is_viral ? 2u : 1u)) != 0;
    is_viral_[i] = is_viral ? 1 : 0;
    is_viral = before;
  }
}

ViralRegion RegionFinder::region_of(std::span<const ChunkEvidence> chunks, std::size_t first,
                                    std::size_t last) const {
  ViralRegion region{first, last, chunks[first].start, chunks[last].end, 0, 0.0};
  double virus = forward_[first].virus + backward_[last].virus;
  double others = forward_[first].others + backward_[last].others;
  for (std::size_t i = first; i <= last; ++i) {
    region.end = std::max(region.end, chunks[i].end);
    region.scored_chunks += chunks[i].log_odds ? 1 : 0;
    if (i == first) continue;
    virus += steps_[i].stay_virus + evidence_[i];
    others += steps_[i].stay_others;
  }
  region.probability = probability_of(virus - others);
  return region;
}

const std::vector<ViralRegion>& RegionFinder::find(std::span<const ChunkEvidence> chunks) {
  regions_.clear();
  evidence_.clear();
  if (chunks.empty()) return regions_;
  sum_forward(chunks);
  sum_backward();
  find_best_path();
  for (std::size_t first = 0; first < chunks.size(); ++first) {
    if (is_viral_[first] == 0) continue;
    std::size_t last = first;
    while (last + 1 < chunks.size() && is_viral_[last + 1] != 0) ++last;
    regions_.push_back(region_of(chunks, first, last));
    first = last;
  }
  return regions_;
}

}  // namespace virnucpro
