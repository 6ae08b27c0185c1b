// Parts of an evaluation, and its intervals.
#include "evaluation/evaluation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/errors.h"
#include "support/work_steps.h"

namespace virnucpro {
namespace {

const std::vector<std::string> kGroups = {"plasmid", "Siphoviridae", "bacteria", "Adenoviridae",
                                          "empty"};

/// `of_each` items of every one of 40 sources; groups 0 and 2 are others.
std::vector<JudgedItem> some_items(std::size_t of_each, std::uint64_t seed = 5) {
  std::mt19937_64 random(seed);
  std::vector<JudgedItem> items;
  for (std::uint32_t source = 0; source < 40; ++source) {
    const std::uint32_t group = source % 4;
    const bool is_virus = group % 2 == 1;
    const double score =
        (is_virus ? 0.3 : 0.1) + 0.6 * static_cast<double>(random() % 1000) / 1000.0;
    items.insert(items.end(), of_each,
                 {score, is_virus, source * 7, group, source < 20 ? 300U : 70'000U});
  }
  return items;
}

void expect_same(const PartEvaluation& a, const PartEvaluation& b) {
  for (std::size_t m = 0; m < kMetrics; ++m) {
    EXPECT_EQ(a.metrics[m].value, b.metrics[m].value) << m;
    EXPECT_EQ(a.metrics[m].low, b.metrics[m].low) << m;
    EXPECT_EQ(a.metrics[m].high, b.metrics[m].high) << m;
  }
}

TEST(Evaluation, HasAPartForEachGroupAndLength) {
  const Evaluation evaluation = evaluate(some_items(2), kGroups, {});
  EXPECT_EQ(evaluation.all.viruses, 40U);
  EXPECT_EQ(evaluation.all.others, 40U);
  EXPECT_EQ(evaluation.all.sources, 40U);
  ASSERT_EQ(evaluation.groups.size(), 4U) << "one has no items";
  EXPECT_EQ(evaluation.groups[0].name, "Adenoviridae");
  EXPECT_EQ(evaluation.groups[0].viruses, 20U);
  EXPECT_EQ(evaluation.groups[0].others, 40U) << "all others beside a group of viruses";
  EXPECT_EQ(evaluation.groups[2].name, "bacteria");
  EXPECT_EQ(evaluation.groups[2].viruses, 40U);
  EXPECT_EQ(evaluation.groups[2].others, 20U);
  ASSERT_EQ(evaluation.lengths.size(), 2U);
  EXPECT_EQ(evaluation.lengths[0].name, "300-499");
  EXPECT_EQ(evaluation.lengths[1].name, "50000-");
  EXPECT_EQ(evaluation.lengths[0].viruses + evaluation.lengths[1].viruses, 40U);
}

TEST(Evaluation, GivesTheSameIntervalsForTheSameSeed) {
  const std::vector<JudgedItem> items = some_items(3);
  EvaluationRule rule;
  const Evaluation first = evaluate(items, kGroups, rule);
  expect_same(first.all, evaluate(items, kGroups, rule).all);
  rule.seed = 2;
  const Evaluation other = evaluate(items, kGroups, rule);
  EXPECT_NE(first.all[Metric::kAuroc].low, other.all[Metric::kAuroc].low);
  EXPECT_EQ(first.all[Metric::kAuroc].value, other.all[Metric::kAuroc].value);
  for (const Estimate& estimate : first.all.metrics) {
    EXPECT_LE(estimate.low, estimate.high);
    EXPECT_LE(estimate.low, estimate.value);
    EXPECT_GE(estimate.high, estimate.value);
  }
}

TEST(Evaluation, TellsOfEveryDraw) {
  test::WorkSteps steps;
  evaluate(some_items(1), kGroups, {.resamples = 30}, {}, steps.progress());
  EXPECT_THAT(steps.ends(), testing::ElementsAre("drawing 210/210"))
      << "of all, four groups and two lengths";
}

TEST(Evaluation, TakesCopiesFromOneSourceForNoMoreEvidence) {
  const Evaluation once = evaluate(some_items(1), kGroups, {});
  const Evaluation tenfold = evaluate(some_items(10), kGroups, {});
  for (const Metric metric : {Metric::kAuroc, Metric::kRecall, Metric::kMcc}) {
    EXPECT_NEAR(once.all[metric].low, tenfold.all[metric].low, 1e-12);
    EXPECT_NEAR(once.all[metric].high, tenfold.all[metric].high, 1e-12);
  }
}

// The spread of a share over many sources is known: that of a binomial.
TEST(Evaluation, HasIntervalsOfTheRightWidth) {
  std::vector<JudgedItem> items;
  for (std::uint32_t i = 0; i < 800; ++i) {
    const bool is_virus = i < 400;
    items.push_back({i % 5 < 4 ? 0.9 : 0.1, is_virus, i, is_virus ? 1U : 0U, 500});
  }
  const Evaluation evaluation = evaluate(items, kGroups, {0.5, 2000, 3});
  const Estimate& recall = evaluation.all[Metric::kRecall];
  EXPECT_DOUBLE_EQ(recall.value, 0.8);
  const double expected = 1.96 * std::sqrt(0.8 * 0.2 / 400);
  EXPECT_NEAR(recall.value - recall.low, expected, 0.15 * expected);
  EXPECT_NEAR(recall.high - recall.value, expected, 0.15 * expected);
}

TEST(Evaluation, HasNoIntervalsWithoutResamples) {
  const Evaluation evaluation = evaluate(some_items(2), kGroups, {0.5, 0, 1});
  EXPECT_FALSE(std::isnan(evaluation.all[Metric::kAuroc].value));
  EXPECT_TRUE(std::isnan(evaluation.all[Metric::kAuroc].low));
}

TEST(Evaluation, StopsOnRequest) {
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(evaluate(some_items(1), kGroups, {}, source.get_token()), Interrupted);
}

}  // namespace
}  // namespace virnucpro
