// Batches of a window: everything once, within the budget, efficiency never above one.
#include "batching/batch_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <random>

#include "base/errors.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;

std::vector<std::int32_t> random_lengths(std::size_t count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::int32_t> lengths(count);
  for (auto& length : lengths) length = 1 + static_cast<std::int32_t>(random() % 170);
  return lengths;
}

std::vector<std::vector<std::uint32_t>> batches(const BatchPlan& plan) {
  std::vector<std::vector<std::uint32_t>> result;
  for (std::size_t b = 0; b < plan.batches(); ++b) {
    result.emplace_back(plan.batch(b).begin(), plan.batch(b).end());
  }
  return result;
}

std::int64_t tokens_of(const BatchPlan& plan, std::size_t b,
                       const std::vector<std::int32_t>& lengths) {
  std::int64_t tokens = 0;
  for (const std::uint32_t item : plan.batch(b)) tokens += lengths[item];
  return tokens;
}

void expect_each_once(const BatchPlan& plan, std::size_t count) {
  std::vector<std::uint32_t> seen = plan.order;
  std::sort(seen.begin(), seen.end());
  ASSERT_EQ(seen.size(), count);
  for (std::uint32_t i = 0; i < count; ++i) ASSERT_EQ(seen[i], i);
}

TEST(PlanPacked, PutsTheLongestFirstAndEachIntoTheFirstBatchWithRoom) {
  BatchPlan plan;
  plan_packed(std::vector<std::int32_t>{2, 7, 3, 5, 3}, 10, plan);
  // 7 opens a batch, 5 opens the next, 3 fills the first, 3 the second, 2 fits the second.
  EXPECT_THAT(batches(plan), ElementsAre(ElementsAre(1u, 2u), ElementsAre(0u, 3u, 4u)));
  EXPECT_EQ(plan.tokens, 20u);
  EXPECT_EQ(plan.efficiency(), 1.0);
}

TEST(PlanPacked, GivesNoBatchForNoSequence) {
  BatchPlan plan;
  plan_packed({}, 10, plan);
  EXPECT_EQ(plan.batches(), 0u);
  EXPECT_EQ(plan.efficiency(), 1.0);
}

TEST(PlanPacked, GivesASequenceLongerThanTheBudgetABatchOfItsOwn) {
  BatchPlan plan;
  plan_packed(std::vector<std::int32_t>{4, 25, 3}, 10, plan);
  EXPECT_THAT(batches(plan), ElementsAre(ElementsAre(1u), ElementsAre(0u, 2u)));
  EXPECT_DOUBLE_EQ(plan.efficiency(), 32.0 / 35.0);
}

TEST(PlanPacked, StaysWithinTheBudgetAndHoldsEverySequenceOnce) {
  for (const std::size_t count : {1u, 2u, 3u, 100u, 4096u}) {
    const auto lengths = random_lengths(count, static_cast<std::uint32_t>(count));
    for (const std::int64_t budget : {1, 60, 170, 1024, 16384}) {
      BatchPlan plan;
      plan_packed(lengths, budget, plan);
      expect_each_once(plan, count);
      for (std::size_t b = 0; b < plan.batches(); ++b) {
        const bool alone = plan.batch(b).size() == 1;
        EXPECT_TRUE(tokens_of(plan, b, lengths) <= budget || alone) << count << ' ' << budget;
      }
      EXPECT_LE(plan.efficiency(), 1.0);
      EXPECT_GT(plan.efficiency(), 0.0);
    }
  }
}

TEST(PlanPacked, MakesAsManyBatchesAsTheBudgetAsksForAllAboutAsFull) {
  for (const std::size_t count : {50u, 513u, 1000u}) {
    const auto lengths = random_lengths(count, static_cast<std::uint32_t>(count));
    const std::int64_t total = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
    for (const std::int64_t budget : {1024, 4096, 8192}) {
      const std::int64_t wanted = (total + budget - 1) / budget;
      const std::int64_t share = (total + wanted - 1) / wanted;
      BatchPlan plan;
      plan_packed(lengths, budget, plan);
      if (share + 170 > budget) continue;  // nearly full: nothing to even out
      ASSERT_EQ(static_cast<std::int64_t>(plan.batches()), wanted) << count << ' ' << budget;
      for (std::size_t b = 0; b < plan.batches(); ++b) {
        EXPECT_LE(tokens_of(plan, b, lengths), share + 170);
        EXPECT_GE(tokens_of(plan, b, lengths), share - 170 * wanted);
      }
    }
  }
}

TEST(PlanPacked, FillsNineTenthsOfALargeWindow) {
  const auto lengths = random_lengths(4096, 7);
  BatchPlan plan;
  plan_packed(lengths, 4096, plan);
  EXPECT_GT(plan.efficiency(), 0.98);
}

TEST(PlanPacked, IsTheSameWhenThePlanIsReused) {
  const auto lengths = random_lengths(500, 1);
  BatchPlan fresh;
  plan_packed(lengths, 1000, fresh);
  BatchPlan reused;
  plan_packed(random_lengths(900, 2), 333, reused);
  plan_packed(lengths, 1000, reused);
  EXPECT_EQ(fresh.order, reused.order);
  EXPECT_EQ(fresh.first, reused.first);
  EXPECT_EQ(fresh.capacity, reused.capacity);
}

TEST(PlanPacked, TakesAMillionSequencesWithoutQuadraticTime) {
  const auto lengths = random_lengths(1'000'000, 3);
  BatchPlan plan;
  const auto start = std::chrono::steady_clock::now();
  plan_packed(lengths, 200, plan);  // many batches: the search dominates
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_GT(plan.batches(), 300'000u);
  EXPECT_LT(seconds.count(), 20.0);  // quadratic would be hours, even under a sanitizer
}

TEST(PlanPacked, RefusesABudgetOfNothingAndAnEmptySequence) {
  BatchPlan plan;
  EXPECT_THROW(plan_packed(std::vector<std::int32_t>{1}, 0, plan), ContractError);
  EXPECT_THROW(plan_packed(std::vector<std::int32_t>{1, 0}, 5, plan), ContractError);
}

TEST(PlanPadded, KeepsThePaddedSizeWithinTheBudget) {
  for (const std::size_t count : {0u, 1u, 3u, 1000u}) {
    const auto lengths = random_lengths(count, 11);
    for (const std::int64_t budget : {1, 200, 4096}) {
      BatchPlan plan;
      plan_padded(lengths, budget, plan);
      expect_each_once(plan, count);
      for (std::size_t b = 0; b < plan.batches(); ++b) {
        std::int64_t longest = 0;
        for (const std::uint32_t item : plan.batch(b)) {
          longest = std::max<std::int64_t>(longest, lengths[item]);
        }
        const auto rows = static_cast<std::int64_t>(plan.batch(b).size());
        EXPECT_TRUE(rows * longest <= budget || rows == 1) << count << ' ' << budget;
      }
      EXPECT_LE(plan.efficiency(), 1.0);
    }
  }
}

TEST(PlanPadded, PutsSequencesOfLikeLengthTogether) {
  BatchPlan plan;
  plan_padded(std::vector<std::int32_t>{2, 9, 2, 8, 2}, 18, plan);
  EXPECT_THAT(batches(plan), ElementsAre(ElementsAre(1u, 3u), ElementsAre(0u, 2u, 4u)));
}

TEST(Gather, CopiesTheMembersInTheirOrder) {
  TokenTable table;
  for (const std::int32_t length : {1, 2, 3}) {
    table.append([&](std::vector<std::int32_t>& ids) {
      for (std::int32_t i = 0; i < length; ++i) ids.push_back(10 * length + i);
    });
  }
  PackedBatch batch;
  const std::vector<std::uint32_t> members = {2, 0};
  gather(table, members, batch);
  gather(table, members, batch);  // the batch is overwritten, not appended to
  batch.validate();
  EXPECT_THAT(batch.tokens, ElementsAre(30, 31, 32, 10));
  EXPECT_THAT(batch.cu_seqlens, ElementsAre(0, 3, 4));
  EXPECT_EQ(table.token_count(), 6u);
}

TEST(TokenTable, TakesTheSequencesOfAnother) {
  const auto add = [](TokenTable& table, std::vector<std::int32_t> wanted) {
    table.append([&](auto& ids) { ids.insert(ids.end(), wanted.begin(), wanted.end()); });
  };
  TokenTable table;
  TokenTable others;
  add(table, {1, 2});
  add(others, {3});
  add(others, {4, 5, 6});
  table.append_all(others);
  EXPECT_THAT(table.lengths(), ElementsAre(2, 1, 3));
  EXPECT_THAT(table.sequence(1), ElementsAre(3));
  EXPECT_THAT(table.sequence(2), ElementsAre(4, 5, 6));
}

}  // namespace
}  // namespace virnucpro
