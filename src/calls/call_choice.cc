#include "calls/call_choice.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/format.h"

namespace virnucpro {
namespace {

/// Below the digits of a share that users read; EM is slow where the classes overlap.
constexpr double kSmallChange = 1e-9;
constexpr int kMostSteps = 20'000;

/// The log odds of one kind of sequence may be that far off on the whole, a factor of 1.6 of the
/// odds: with half of it, a sample of reads of 150 bases of which half are viral came out as 0.58
/// to 1 (`mini`).
constexpr double kDoubt = 0.5;

/// What a prevalence other than one half adds to log odds.
double shift_of(double prevalence) { return std::log(prevalence) - std::log1p(-prevalence); }

struct OddsBin {
  double odds;
  double count;
};

/// The share of viruses where all odds are multiplied by `factor`.
double most_likely_share(const std::vector<OddsBin>& bins, double total, double factor) {
  double prevalence = 0.5;
  for (int step = 0; step < kMostSteps; ++step) {
    const double prior_odds = factor * prevalence / (1.0 - prevalence);
    double viruses = 0.0;
    for (const OddsBin& bin : bins) {
      const double odds = bin.odds * prior_odds;
      viruses += bin.count * (odds / (1.0 + odds));
    }
    const double next = std::clamp(viruses / total, kLeastScore, 1.0 - kLeastScore);
    const double change = std::abs(next - prevalence);
    prevalence = next;
    if (change < kSmallChange) break;
  }
  return prevalence;
}

}  // namespace

void LogOddsHistogram::add(double log_odds) {
  const double place = (std::clamp(log_odds, -kMostLogOdds, kMostLogOdds) + kMostLogOdds) *
                       static_cast<double>(kBinsToOne);
  auto bin = std::min(static_cast<std::size_t>(place), kBins - 1);
  if (edge(bin) > log_odds && bin > 0) --bin;  // the sum was rounded up
  ++counts_[bin];
  ++total_;
}

PrevalenceEstimate estimate_prevalence(const LogOddsHistogram& histogram) {
  std::vector<OddsBin> bins;
  constexpr double kHalfBin = 0.5 / static_cast<double>(LogOddsHistogram::kBinsToOne);
  for (std::size_t i = 0; i < LogOddsHistogram::kBins; ++i) {
    if (histogram[i] == 0) continue;
    bins.push_back(
        {std::exp(LogOddsHistogram::edge(i) + kHalfBin), static_cast<double>(histogram[i])});
  }
  if (bins.empty()) return {};
  const auto total = static_cast<double>(histogram.total());
  return {most_likely_share(bins, total, 1.0), most_likely_share(bins, total, std::exp(-kDoubt)),
          most_likely_share(bins, total, std::exp(kDoubt))};
}

std::string text_of_range(const PrevalenceEstimate& estimate) {
  return fmt::format("between {:.2g} and {:.2g} of all records are viruses", estimate.lowest,
                     estimate.highest);
}

double threshold_for(const LogOddsHistogram& histogram, double prevalence, double fdr) {
  double threshold = std::numeric_limits<double>::infinity();
  double called = 0.0;
  double false_discoveries = 0.0;
  const double shift = shift_of(prevalence);
  for (std::size_t i = LogOddsHistogram::kBins; i-- > 0;) {
    if (histogram[i] == 0) continue;
    const auto count = static_cast<double>(histogram[i]);
    called += count;
    false_discoveries += count * probability_of(-(LogOddsHistogram::edge(i) + shift));
    // The mean only grows from here on.
    if (false_discoveries > fdr * called) break;
    threshold = LogOddsHistogram::edge(i);
  }
  return threshold;
}

double CalibratedRule::probability(double log_odds) const {
  return probability_of(log_odds + shift_of(prevalence));
}

double CalibratedRule::least_probability() const {
  return threshold ? probability(*threshold) : 0.0;
}

double expected_wrong(const LogOddsHistogram& called, double prevalence) {
  const double shift = shift_of(prevalence);
  double wrong = 0.0;
  for (std::size_t i = 0; i < LogOddsHistogram::kBins; ++i) {
    if (called[i] == 0) continue;
    wrong += static_cast<double>(called[i]) * probability_of(-(LogOddsHistogram::edge(i) + shift));
  }
  return wrong;
}

CalibratedRule choose_rule(const CallRequest& request, const LogOddsHistogram& histogram,
                           const BundleCalls* of_bundle) {
  CalibratedRule rule;
  if (request.needs_estimate()) {
    rule.estimate = estimate_prevalence(histogram);
    rule.prevalence = rule.estimate->share;
  } else if (request.prevalence) {
    rule.prevalence = *request.prevalence;
  }
  if (request.fdr) {
    rule.threshold = threshold_for(histogram, rule.prevalence, *request.fdr);
  } else if (request.conservative || request.relaxed) {
    const double least = request.conservative ? kConservativeThreshold : kRelaxedThreshold;
    rule.threshold = log_odds_of(least) - shift_of(rule.prevalence);
  } else if (of_bundle != nullptr && request.takes_bundle_rule()) {
    rule.threshold = of_bundle->log_odds;
    rule.is_bundles = true;
  }
  return rule;
}

}  // namespace virnucpro
