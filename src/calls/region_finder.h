// Viral regions of a record: runs of its chunks, smoothed by a hidden Markov model of two states.
//
// docs/explanation/calibration.md has the formulas, and how the constants were chosen.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace virnucpro {

/// A chunk of a record, in the order of their starts; neighbours may overlap.
struct ChunkEvidence {
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  /// Of its calibrated probability at a prevalence of one half, where the odds are the likelihood
  /// ratio of virus and others. Absent: nothing was read, or it failed; it says nothing then.
  std::optional<double> log_odds;
};

/// The model: along a record, virus and others take turns as a Markov chain over bases.
struct RegionModel {
  /// Mean length of virus in bases: that of prophages, most of which have 10 to 50 kb.
  double viral_length = 30'000.0;
  /// Mean length of what lies between. Bacteria have some three prophages in 5 Mbp; with a sixth of
  /// that as many are found and fewer regions are false.
  double other_length = 10'000'000.0;
  /// The log odds of a chunk count by this share: chunks of one genome err together, so that they
  /// are no independent evidence.
  double weight = 0.5;
};

/// Chunks `first` to `last` of a record, which cover the bases [start, end).
struct ViralRegion {
  std::size_t first = 0;
  std::size_t last = 0;
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::uint64_t scored_chunks = 0;
  /// That all of it is virus, where the other possibility is that none of it is.
  double probability = 0.0;
  bool operator==(const ViralRegion&) const = default;
};

/// Finds the regions of records, one after the other; memory grows with the chunks of the longest,
/// by some 75 bytes each. Thread-confined.
class RegionFinder {
 public:
  /// `prevalence`, above 0 and below 1: the probability that a record of one chunk without evidence
  /// is viral. ContractError for a model whose lengths or weight are not above 0.
  explicit RegionFinder(double prevalence = 0.5, const RegionModel& model = {});

  /// The runs of viral chunks on the most probable path, in order. A record and its reverse have
  /// the same regions. Valid until the next call.
  const std::vector<ViralRegion>& find(std::span<const ChunkEvidence> chunks);

 private:
  /// Logarithms of a value for each state.
  struct Pair {
    double others = 0.0;
    double virus = 0.0;
  };
  /// Logarithms of the probabilities to go from one state to another.
  struct Step {
    double stay_others = 0.0;
    double to_virus = 0.0;
    double to_others = 0.0;
    double stay_virus = 0.0;
  };

  Step step_over(std::uint64_t bases) const;
  void sum_forward(std::span<const ChunkEvidence> chunks);
  void sum_backward();
  void find_best_path();
  ViralRegion region_of(std::span<const ChunkEvidence> chunks, std::size_t first,
                        std::size_t last) const;

  RegionModel model_;
  double share_;    // of bases that are viral, in the long run
  double rate_;     // at which the chain forgets its state, per base
  Pair at_an_end_;  // the weight of the state at either end of a record
  std::vector<double> evidence_;
  std::vector<Step> steps_;     // into chunk i; unused for the first
  std::vector<Pair> forward_;   // of chunk i and all before it
  std::vector<Pair> backward_;  // of all behind chunk i
  std::vector<std::uint8_t> is_viral_;
  std::vector<ViralRegion> regions_;
};

}  // namespace virnucpro
