// The regressions behind a calibration against scikit-learn's.
#include "calls/regression.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

namespace virnucpro {
namespace {

const std::string kData = VIRNUCPRO_SOURCE_DIR "/tests/data/calibration/";

std::vector<std::vector<double>> rows_of(const std::string& name) {
  std::ifstream file(kData + name);
  std::vector<std::vector<double>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    std::istringstream fields(line);
    rows.emplace_back();
    for (double value = 0.0; fields >> value;) rows.back().push_back(value);
  }
  EXPECT_FALSE(rows.empty()) << name;
  return rows;
}

std::vector<WeightedTruth> golden_items() {
  std::vector<WeightedTruth> items;
  for (const auto& row : rows_of("items.tsv")) items.push_back({row[0], row[1] == 1.0, row[2]});
  return items;
}

TEST(Regression, FitsThePlattMapOfScikitLearn) {
  const auto expected = rows_of("platt.tsv");
  const ScoreMap map = fit_platt(golden_items());
  EXPECT_NEAR(map.slope, expected[0][0], 1e-6);
  EXPECT_NEAR(map.intercept, expected[0][1], 1e-6);
  EXPECT_TRUE(map.knots.empty());
}

TEST(Regression, FitsTheIsotonicMapOfScikitLearn) {
  ScoreMap map;
  map.knots = fit_isotonic(golden_items());
  for (const auto& row : rows_of("isotonic.tsv")) {
    EXPECT_NEAR(map.probability(row[0]), row[1], 1e-12) << row[0];
  }
}

TEST(Regression, AreTheSameInAnyOrderOfTheItems) {
  std::vector<WeightedTruth> items = golden_items();
  const ScoreMap platt = fit_platt(items);
  const std::vector<Knot> knots = fit_isotonic(items);
  std::reverse(items.begin(), items.end());
  EXPECT_NEAR(fit_platt(items).slope, platt.slope, 1e-9);
  const std::vector<Knot> again = fit_isotonic(items);
  ASSERT_EQ(again.size(), knots.size());
  for (std::size_t i = 0; i < knots.size(); ++i) {
    EXPECT_EQ(again[i].score, knots[i].score);
    EXPECT_NEAR(again[i].probability, knots[i].probability, 1e-12);
  }
}

TEST(Regression, NeverFallsWhereTheScoresAreUpsideDown) {
  std::vector<WeightedTruth> items = golden_items();
  double viruses = 0.0;
  double all = 0.0;
  for (WeightedTruth& item : items) {
    item.x = 1.0 - item.x;
    viruses += item.is_virus ? item.weight : 0.0;
    all += item.weight;
  }
  const ScoreMap map = fit_platt(items);
  EXPECT_EQ(map.slope, 0.0);
  EXPECT_NEAR(map.probability(0.9), viruses / all, 1e-12);
  for (const Knot& knot : fit_isotonic(items)) EXPECT_NEAR(knot.probability, viruses / all, 0.2);
}

TEST(Regression, EndsForScoresThatTellAllItemsApart) {
  const std::vector<WeightedTruth> items = {{0.1, false}, {0.2, false}, {0.8, true}, {0.9, true}};
  const ScoreMap map = fit_platt(items);
  EXPECT_TRUE(std::isfinite(map.slope) && std::isfinite(map.intercept));
  EXPECT_LT(map.probability(0.2), 0.01);
  EXPECT_GT(map.probability(0.8), 0.99);
}

TEST(Regression, TakesAConstantFeature) {
  std::vector<LogisticItem> items;
  for (const WeightedTruth& item : golden_items()) {
    items.push_back({{item.x, 0.5}, item.is_virus, item.weight});
  }
  const LogisticCoefficients b = fit_logistic(std::span<const LogisticItem>(items), 1e-2);
  for (const double each : b) EXPECT_TRUE(std::isfinite(each));
  EXPECT_GT(b[1], 1.0);
}

TEST(Regression, ThinsALongListOfKnots) {
  std::vector<Knot> knots;
  for (int i = 0; i <= 1000; ++i) knots.push_back({i / 1000.0, i / 2000.0});
  const std::vector<Knot> kept = thinned(knots);
  ASSERT_EQ(kept.size(), kMostKnots);
  EXPECT_EQ(kept.front(), knots.front());
  EXPECT_EQ(kept.back(), knots.back());
  for (std::size_t i = 1; i < kept.size(); ++i) EXPECT_GT(kept[i].score, kept[i - 1].score);
  EXPECT_EQ(thinned(kept), kept);
}

}  // namespace
}  // namespace virnucpro
