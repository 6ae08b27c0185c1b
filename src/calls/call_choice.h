// Chooses prevalence and threshold from the records of a run, in fixed memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "calls/calibration.h"
#include "calls/call_request.h"

namespace virnucpro {

/// The number of records by log odds. Bins are 1/64 wide: within one, odds differ by 1.6 %.
class LogOddsHistogram {
 public:
  static constexpr std::size_t kBinsToOne = 64;
  static constexpr std::size_t kBins = 2 * static_cast<std::size_t>(kMostLogOdds) * kBinsToOne + 1;

  /// The lowest log odds of a bin.
  static double edge(std::size_t bin) {
    return static_cast<double>(bin) / static_cast<double>(kBinsToOne) - kMostLogOdds;
  }

  void add(double log_odds);
  std::uint64_t total() const { return total_; }
  std::uint64_t operator[](std::size_t bin) const { return counts_[bin]; }

 private:
  std::array<std::uint64_t, kBins> counts_{};
  std::uint64_t total_ = 0;
};

/// The share of viruses among records, as their log odds suggest.
struct PrevalenceEstimate {
  double share = 0.5;
  // What it would be if all log odds were too high, or too low, by as much as those of a kind of
  // sequence may well be.
  double lowest = 0.5;
  double highest = 0.5;

  /// The records say too little of it, as short reads do.
  bool is_vague() const { return highest - lowest > 0.5; }
};

/// The share that makes the log odds most likely, by the EM of Saerens, Latinne and Decaestecker
/// (Neural Computation 14, 2002), started at 0.5; within [kLeastScore, 1 - kLeastScore]. 0.5 for no
/// records.
PrevalenceEstimate estimate_prevalence(const LogOddsHistogram& histogram);

/// "between 0.01 and 0.97 of all records are viruses"
std::string text_of_range(const PrevalenceEstimate& estimate);

/// The lowest log odds, at a prevalence of one half, above which the mean of 1 - p at `prevalence`
/// is at most `fdr`. It is a bin's edge, and each record counts with the p of its bin's lower edge,
/// which errs towards fewer calls. Infinity when there are none.
double threshold_for(const LogOddsHistogram& histogram, double prevalence, double fdr);

/// How calls are made from calibrated probabilities.
struct CalibratedRule {
  double prevalence = 0.5;
  /// Where the prevalence was estimated.
  std::optional<PrevalenceEstimate> estimate;
  /// Log odds at a prevalence of one half, from which on something is viral; absent: scores decide.
  std::optional<double> threshold;
  bool is_bundles = false;  ///< the rule that the bundle names

  /// The probability at `prevalence`.
  double probability(double log_odds) const;
  /// The probability at `prevalence` that corresponds to `threshold`; 1 for infinity.
  double least_probability() const;
};

/// `histogram` is used only where the request needs it; `of_bundle`, null for none, where the
/// request names no rule.
CalibratedRule choose_rule(const CallRequest& request, const LogOddsHistogram& histogram,
                           const BundleCalls* of_bundle = nullptr);

/// How many of the `called` records are expected to be no viruses at this prevalence.
double expected_wrong(const LogOddsHistogram& called, double prevalence);

}  // namespace virnucpro
