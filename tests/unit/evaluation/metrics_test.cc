// The figures of judged items against scikit-learn's, and where there are none.
#include "evaluation/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>

namespace virnucpro {
namespace {

const std::string kData = VIRNUCPRO_SOURCE_DIR "/tests/data/evaluation/";
constexpr double kThreshold = 0.4;

struct Golden {
  std::vector<JudgedItem> items;
  std::vector<std::uint32_t> copies;  ///< by source
};

Golden golden_items() {
  Golden golden;
  std::ifstream file(kData + "items.tsv");
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    JudgedItem item;
    std::uint32_t copies = 0;
    fields >> item.score >> item.is_virus >> item.source >> copies;
    EXPECT_TRUE(fields) << line;
    golden.items.push_back(item);
    if (golden.copies.size() <= item.source) golden.copies.resize(item.source + 1);
    golden.copies[item.source] = copies;
  }
  return golden;
}

double value(const MetricValues& values, Metric metric) {
  return values[static_cast<std::size_t>(metric)];
}

TEST(Metrics, AreThoseOfScikitLearn) {
  const Golden golden = golden_items();
  ASSERT_EQ(golden.items.size(), 400U);
  const Ranking ranking(golden.items, kThreshold);
  const MetricValues once = ranking.metrics();
  const MetricValues drawn = ranking.metrics(golden.copies);
  std::ifstream file(kData + "expected.tsv");
  std::string line;
  std::getline(file, line);
  for (std::size_t m = 0; m < kMetrics; ++m) {
    ASSERT_TRUE(std::getline(file, line));
    std::istringstream fields(line);
    std::string name;
    double expected_once = 0.0;
    double expected_drawn = 0.0;
    fields >> name >> expected_once >> expected_drawn;
    EXPECT_EQ(metric_name(static_cast<Metric>(m)), name);
    EXPECT_NEAR(once[m], expected_once, 1e-12) << name;
    EXPECT_NEAR(drawn[m], expected_drawn, 1e-12) << name;
  }
}

TEST(Metrics, CountACopyAsTheItemAgain) {
  const Golden golden = golden_items();
  std::vector<JudgedItem> repeated;
  for (const JudgedItem& item : golden.items) {
    repeated.insert(repeated.end(), golden.copies[item.source], item);
  }
  const MetricValues copies = Ranking(golden.items, kThreshold).metrics(golden.copies);
  const MetricValues again = Ranking(repeated, kThreshold).metrics();
  for (std::size_t m = 0; m < kMetrics; ++m) EXPECT_NEAR(copies[m], again[m], 1e-12) << m;
}

TEST(Metrics, AreTheSameInAnyOrderOfTheItems) {
  Golden golden = golden_items();
  const MetricValues expected = Ranking(golden.items, kThreshold).metrics();
  std::reverse(golden.items.begin(), golden.items.end());
  EXPECT_EQ(Ranking(golden.items, kThreshold).metrics(), expected);
}

TEST(Metrics, AreUndefinedWhereThereIsNothingToCount) {
  const std::vector<JudgedItem> viruses = {{0.9, true, 0, 0, 0}, {0.2, true, 1, 0, 0}};
  const MetricValues values = Ranking(viruses, 0.5).metrics();
  for (const Metric metric : {Metric::kAuroc, Metric::kAuprc, Metric::kRecallAtOne,
                              Metric::kRecallAtFive, Metric::kSpecificity, Metric::kMcc}) {
    EXPECT_TRUE(std::isnan(value(values, metric))) << metric_name(metric);
  }
  EXPECT_EQ(value(values, Metric::kRecall), 0.5);
  EXPECT_EQ(value(values, Metric::kPrecision), 1.0);
  // Nothing is called viral.
  const std::vector<JudgedItem> low = {{0.1, true, 0, 0, 0}, {0.2, false, 1, 1, 0}};
  const MetricValues none = Ranking(low, 0.5).metrics();
  EXPECT_TRUE(std::isnan(value(none, Metric::kPrecision)));
  EXPECT_EQ(value(none, Metric::kF1), 0.0);
  EXPECT_EQ(value(none, Metric::kAuroc), 0.0);
  for (const double each : Ranking({}, 0.5).metrics()) EXPECT_TRUE(std::isnan(each));
}

TEST(Metrics, CallFromTheThresholdOn) {
  const std::vector<JudgedItem> items = {
      {0.5, true, 0, 0, 0}, {0.5, false, 1, 1, 0}, {0.4999, true, 2, 0, 0}, {0.0, false, 3, 1, 0}};
  const Confusion confusion = Ranking(items, 0.5).confusion();
  EXPECT_EQ(confusion.true_virus, 1U);
  EXPECT_EQ(confusion.false_virus, 1U);
  EXPECT_EQ(confusion.false_other, 1U);
  EXPECT_EQ(confusion.true_other, 1U);
}

TEST(Metrics, HaveACurveThatEndsWithEverything) {
  const Golden golden = golden_items();
  const std::vector<CurvePoint> curve = Ranking(golden.items, kThreshold).curve();
  std::uint64_t viruses = 0;
  for (const JudgedItem& item : golden.items) viruses += item.is_virus ? 1 : 0;
  EXPECT_EQ(curve.back().true_virus, viruses);
  EXPECT_EQ(curve.back().false_virus, golden.items.size() - viruses);
  for (std::size_t i = 1; i < curve.size(); ++i) {
    EXPECT_LT(curve[i].score, curve[i - 1].score);
    EXPECT_GT(curve[i].true_virus + curve[i].false_virus,
              curve[i - 1].true_virus + curve[i - 1].false_virus);
  }
}

TEST(Metrics, PutEveryScoreIntoABin) {
  const std::vector<JudgedItem> items = {
      {0.0, false, 0, 0, 0}, {0.1, true, 0, 0, 0}, {0.95, true, 0, 0, 0}, {1.0, false, 0, 0, 0}};
  const auto bins = Ranking(items, 0.5).calibration();
  EXPECT_EQ(bins[0].items, 1U);
  EXPECT_EQ(bins[1].viruses, 1U);
  EXPECT_EQ(bins[9].items, 2U);
  EXPECT_EQ(bins[9].viruses, 1U);
  EXPECT_DOUBLE_EQ(bins[9].score_sum, 1.95);
}

}  // namespace
}  // namespace virnucpro
