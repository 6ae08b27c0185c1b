// Prevalence and thresholds from calibrated log odds.
#include "calls/call_choice.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/errors.h"

namespace virnucpro {
namespace {

struct Record {
  double log_odds;  ///< at a prevalence of one half
  bool is_virus;
};

/// Normal around +-1 with variance 1: twice the value is the log odds.
std::vector<Record> records(std::size_t count, double prevalence, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  std::vector<Record> result;
  for (std::size_t i = 0; i < count; ++i) {
    const bool is_virus = uniform(random) < prevalence;
    result.push_back({2.0 * (normal(random) + (is_virus ? 1.0 : -1.0)), is_virus});
  }
  return result;
}

LogOddsHistogram histogram_of(const std::vector<Record>& items) {
  LogOddsHistogram histogram;
  for (const Record& item : items) histogram.add(item.log_odds);
  return histogram;
}

TEST(CallChoice, PutsLogOddsIntoBinsAtOrBelowThem) {
  std::mt19937_64 random(3);
  std::vector<double> values = {-100.0, -32.0, 32.0, 100.0, 0.0,
                                -1e-17, 1e-17, 0.5,  -0.25, 1.0 / 3.0};
  for (int i = 0; i < 1000; ++i) values.push_back(static_cast<double>(random() % 6400) / 100 - 32);
  for (const double value : values) {
    LogOddsHistogram histogram;
    histogram.add(value);
    EXPECT_EQ(histogram.total(), 1U);
    const double inside = std::clamp(value, -kMostLogOdds, kMostLogOdds);
    for (std::size_t bin = 0; bin < LogOddsHistogram::kBins; ++bin) {
      if (histogram[bin] == 0) continue;
      EXPECT_LE(LogOddsHistogram::edge(bin), inside);
      EXPECT_GE(LogOddsHistogram::edge(bin + 1), inside - 1e-12);
    }
  }
}

TEST(CallChoice, EstimatesThePrevalence) {
  for (const double prevalence : {0.02, 0.1, 0.5, 0.8}) {
    const PrevalenceEstimate found =
        estimate_prevalence(histogram_of(records(200'000, prevalence, 5)));
    EXPECT_NEAR(found.share, prevalence, 0.01);
    EXPECT_LT(found.lowest, found.share);
    EXPECT_GT(found.highest, found.share);
    EXPECT_FALSE(found.is_vague()) << text_of_range(found);
  }
  EXPECT_EQ(estimate_prevalence(LogOddsHistogram()).share, 0.5);
  LogOddsHistogram none;
  for (int i = 0; i < 100; ++i) none.add(-9.0);
  const double lowest = estimate_prevalence(none).share;
  EXPECT_GE(lowest, kLeastScore);
  EXPECT_LT(lowest, 1e-3);
}

TEST(CallChoice, SaysWhereRecordsTellTooLittleOfThePrevalence) {
  // Short reads: log odds of both kinds lie around 0, a little too high on the whole.
  std::mt19937_64 random(11);
  std::normal_distribution<double> near(0.1, 0.35);
  LogOddsHistogram histogram;
  for (int i = 0; i < 5000; ++i) histogram.add(near(random));
  const PrevalenceEstimate found = estimate_prevalence(histogram);
  EXPECT_TRUE(found.is_vague());
  EXPECT_LT(found.lowest, 0.05);
  EXPECT_GT(found.highest, 0.95);
  EXPECT_EQ(text_of_range({0.3, 0.011, 0.97}), "between 0.011 and 0.97 of all records are viruses");
}

TEST(CallChoice, KeepsTheShareOfFalseDiscoveriesBelowWhatIsAsked) {
  for (const double prevalence : {0.05, 0.3}) {
    const std::vector<Record> items = records(200'000, prevalence, 7);
    const LogOddsHistogram histogram = histogram_of(items);
    double last = std::numeric_limits<double>::infinity();
    for (const double fdr : {0.05, 0.1, 0.3}) {
      const double threshold = threshold_for(histogram, prevalence, fdr);
      double called = 0.0;
      double wrong = 0.0;
      for (const Record& item : items) {
        if (item.log_odds < threshold) continue;
        called += 1.0;
        wrong += item.is_virus ? 0.0 : 1.0;
      }
      ASSERT_GT(called, 100.0);
      EXPECT_NEAR(wrong / called, fdr, 0.25 * fdr) << prevalence;
      EXPECT_LT(threshold, last);
      last = threshold;
    }
  }
}

TEST(CallChoice, IsTheLowestThresholdThatHoldsByTheBinsLowerEdges) {
  const std::vector<Record> items = records(500, 0.3, 11);
  const LogOddsHistogram histogram = histogram_of(items);
  const double threshold = threshold_for(histogram, 0.3, 0.1);
  const CalibratedRule rule{0.3, {}, threshold};
  double called = 0.0;
  double expected_false = 0.0;
  for (const Record& item : items) {
    if (item.log_odds < threshold) continue;
    called += 1.0;
    expected_false += 1.0 - rule.probability(item.log_odds);
  }
  EXPECT_LE(expected_false, 0.1 * called);
  EXPECT_GE(expected_false, 0.1 * called - 2.0) << "and not far from it";
}

TEST(CallChoice, CallsNothingWhereNothingIsSureEnough) {
  LogOddsHistogram histogram;
  for (int i = 0; i < 10; ++i) histogram.add(0.0);
  EXPECT_EQ(threshold_for(histogram, 0.5, 0.05), std::numeric_limits<double>::infinity());
  EXPECT_EQ((CalibratedRule{0.5, {}, threshold_for(histogram, 0.5, 0.05)}).least_probability(),
            1.0);
  EXPECT_LE(threshold_for(histogram, 0.5, 0.6), 0.0);
  EXPECT_EQ(threshold_for(LogOddsHistogram(), 0.5, 0.9), std::numeric_limits<double>::infinity());
}

TEST(CallChoice, PresetsAreProbabilitiesAtThePrevalence) {
  const LogOddsHistogram histogram = histogram_of(records(10'000, 0.2, 13));
  CallRequest request;
  request.conservative = true;
  CalibratedRule rule = choose_rule(request, histogram);
  EXPECT_EQ(rule.prevalence, 0.5);
  EXPECT_FALSE(rule.estimate);
  EXPECT_EQ(*rule.threshold, log_odds_of(0.95));
  request.prevalence = 0.01;
  rule = choose_rule(request, histogram);
  EXPECT_NEAR(rule.least_probability(), 0.95, 1e-12);
  EXPECT_GT(*rule.threshold, log_odds_of(0.95) + 4.0);
  request = {};
  request.relaxed = true;
  request.estimate_prevalence = true;
  rule = choose_rule(request, histogram);
  EXPECT_TRUE(rule.estimate);
  EXPECT_NEAR(rule.prevalence, 0.2, 0.03);
  EXPECT_NEAR(rule.least_probability(), 0.25, 1e-12);
  request = {};
  request.prevalence = 0.3;
  EXPECT_FALSE(choose_rule(request, histogram).threshold);
  request = {};
  request.fdr = 0.05;
  EXPECT_TRUE(choose_rule(request, histogram).estimate);
}

TEST(CallChoice, TakesTheRuleOfTheBundleWhereTheRequestNamesNone) {
  const LogOddsHistogram histogram = histogram_of(records(1000, 0.2, 17));
  const BundleCalls of_bundle = {3.5, 0.005, {}};
  CallRequest request;
  CalibratedRule rule = choose_rule(request, histogram, &of_bundle);
  EXPECT_TRUE(rule.is_bundles);
  EXPECT_EQ(*rule.threshold, 3.5);
  EXPECT_FALSE(choose_rule(request, histogram).threshold) << "no bundle with a rule";
  request.prevalence = 0.01;  // moves the probabilities, not the calls
  rule = choose_rule(request, histogram, &of_bundle);
  EXPECT_EQ(*rule.threshold, 3.5);
  EXPECT_LT(rule.least_probability(), probability_of(3.5));
  request.published = true;
  EXPECT_FALSE(choose_rule(request, histogram, &of_bundle).threshold);
  request = {};
  request.relaxed = true;
  rule = choose_rule(request, histogram, &of_bundle);
  EXPECT_FALSE(rule.is_bundles);
  EXPECT_EQ(*rule.threshold, log_odds_of(0.25));
}

TEST(CallChoice, ExpectsAsManyWrongCallsAsThereAre) {
  // Log odds at one half of 100,000 records of which 5 % are viruses: calls from 1 on.
  const std::vector<Record> all = records(100'000, 0.05, 19);
  LogOddsHistogram called;
  double wrong = 0.0;
  for (const Record& record : all) {
    if (record.log_odds < 1.0) continue;
    called.add(record.log_odds);
    wrong += record.is_virus ? 0.0 : 1.0;
  }
  EXPECT_NEAR(expected_wrong(called, 0.05) / wrong, 1.0, 0.08);
  EXPECT_GT(expected_wrong(called, 0.01), expected_wrong(called, 0.05));
  EXPECT_EQ(expected_wrong(LogOddsHistogram(), 0.5), 0.0);
}

TEST(CallRequest, IsReadAndWritten) {
  CallRequest request;
  EXPECT_EQ(text_of(request), "");
  EXPECT_FALSE(request.any());
  ASSERT_TRUE(assign_prevalence(request, "0.1"));
  EXPECT_TRUE(request.any());
  EXPECT_FALSE(request.calls());
  ASSERT_TRUE(assign_fdr(request, "5e-2"));
  EXPECT_FALSE(request.needs_estimate());
  EXPECT_EQ(text_of(request), "fdr=0.05 prevalence=0.1");
  EXPECT_EQ(parse_call_request(text_of(request)), request);
  ASSERT_TRUE(assign_prevalence(request, "estimate"));
  EXPECT_TRUE(request.needs_estimate());
  EXPECT_FALSE(request.prevalence);
  EXPECT_EQ(parse_call_request(text_of(request)), request);
  for (const char* text : {"", "0", "1", "-1", "nan", "half", "0.5x", "1e999"}) {
    CallRequest other;
    EXPECT_FALSE(assign_prevalence(other, text)) << text;
    EXPECT_FALSE(assign_fdr(other, text)) << text;
  }
  EXPECT_FALSE(parse_call_request("fdr=2"));
  EXPECT_FALSE(parse_call_request("everything"));
  CallRequest presets;
  presets.conservative = true;
  EXPECT_EQ(parse_call_request(text_of(presets)), presets);
  EXPECT_NO_THROW(require_one_call_rule(presets));
  presets.relaxed = true;
  EXPECT_EQ(parse_call_request(text_of(presets)), presets);
  EXPECT_THROW(require_one_call_rule(presets), ConfigError);
  CallRequest published;
  published.published = true;
  EXPECT_EQ(parse_call_request(text_of(published)), published);
  EXPECT_FALSE(published.any()) << "needs no calibration";
  published.conservative = true;
  EXPECT_THROW(require_one_call_rule(published), ConfigError);
}

}  // namespace
}  // namespace virnucpro
