// Samples of chunks, and what estimates make of their figures.
#include "bench/estimate.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>

#include "base/errors.h"
#include "base/format.h"
#include "bench/chunk_sample.h"
#include "bench/sample.h"

namespace virnucpro {
namespace {

bool never(const InputCensus&) { return false; }

/// Records whose bases tell their number: record i has 100 * (i % 7 + 1) bases.
std::string write_records(const TemporaryFolder& folder, std::size_t count) {
  const std::string path = folder.path() + "/records.fa";
  std::ofstream file(path);
  for (std::size_t i = 0; i < count; ++i) {
    file << fmt::format(">r{}\n{}\n", i, std::string(100 * (i % 7 + 1), "ACGT"[i % 4]));
  }
  return path;
}

TEST(ChunkSample, CountsEverythingAndKeepsTheWholeOfASmallInput) {
  const TemporaryFolder folder;
  const InputCensus census = take_census_of({write_records(folder, 14)}, 300, 100, never, {});
  EXPECT_EQ(census.records, 14u);
  EXPECT_EQ(census.bases, 2u * 2800u);
  EXPECT_EQ(census.chunks, 2u * (1 + 1 + 1 + 2 + 2 + 2 + 3));
  EXPECT_EQ(census.sample.size(), census.chunks);
  EXPECT_TRUE(census.is_whole);
}

TEST(ChunkSample, KeepsChunksOfAllPlacesWithTheSameProbability) {
  const TemporaryFolder folder;
  const std::string path = write_records(folder, 7000);  // 12 chunks of each seven records
  const InputCensus census = take_census_of({path}, 300, 1200, never, {});
  ASSERT_EQ(census.sample.size(), 1200u);
  std::map<char, int> letters;
  for (const SampledChunk& chunk : census.sample) ++letters[chunk.bases.front()];
  // 300 of each are expected; six standard deviations are 90.
  for (const auto& [letter, count] : letters) EXPECT_NEAR(count, 300, 90) << letter;
  const InputCensus again = take_census_of({path}, 300, 1200, never, {});
  for (std::size_t i = 0; i < census.sample.size(); ++i) {
    ASSERT_EQ(census.sample[i].bases, again.sample[i].bases);
  }
}

TEST(ChunkSample, EndsWhenItIsEnough) {
  const TemporaryFolder folder;
  int looks = 0;
  const InputCensus census = take_census_of({write_records(folder, 7000)}, 300, 10,
                                            [&](const InputCensus&) { return ++looks == 3; }, {});
  EXPECT_FALSE(census.is_whole);
  EXPECT_LT(census.records, 1000u);
  EXPECT_EQ(census.sample.size(), 10u);
}

RunEstimate hours_of_work() {
  RunEstimate estimate;
  estimate.fixed_seconds = 36.0;
  estimate.read_seconds = {60.0, 50.0, 72.0};
  estimate.work_seconds = {3000.0, 2800.0, 3492.0};
  estimate.seconds = {3036.0, 2836.0, 3528.0};
  return estimate;
}

TEST(ShardPlan, KeepsTheUpperEndOfTheIntervalWithinTheHours) {
  // Each reads the whole input: 360 - 36 - 72 = 252 seconds are left for the work.
  const ShardPlan all = plan_shards(hours_of_work(), 0.1, 1, true);
  EXPECT_EQ(all.shards, 14u);
  EXPECT_NEAR(all.shard_seconds, 36.0 + 60.0 + 3000.0 / 14.0, 1e-9);
  EXPECT_GT(all.limit_seconds, 360.0);
  // Each reads its part.
  EXPECT_EQ(plan_shards(hours_of_work(), 0.1, 1, false).shards, 11u);
  // Two devices take half of the time.
  EXPECT_EQ(plan_shards(hours_of_work(), 0.2, 2, false).shards, 11u);
  EXPECT_EQ(plan_shards(hours_of_work(), 10.0, 1, true).shards, 1u);
}

TEST(ShardPlan, RefusesHoursThatModelsAndInputUseUp) {
  try {
    plan_shards(hours_of_work(), 0.03, 1, true);
    FAIL();
  } catch (const ConfigError& error) {
    EXPECT_STREQ(error.what(),
                 "--device-hours 0.03: a shard takes 0.03 device hours before its first record, "
                 "for models and input. Give more.");
  }
  RunEstimate huge = hours_of_work();
  huge.work_seconds = {1e9, 1e9, 1e9};
  EXPECT_THROW(plan_shards(huge, 0.1, 1, true), ConfigError);
}

TEST(EstimateTable, HasALineForMoneyWhereAPriceIsKnown) {
  RunEstimate estimate = hours_of_work();
  estimate.device_hours = {2.0, 1.5, 2.5};
  EXPECT_EQ(estimate_table(estimate, std::nullopt).find("price"), std::string::npos);
  const std::string table = estimate_table(estimate, 3.0);
  EXPECT_NE(table.find("quantity\texpected\tlow\thigh\n"), std::string::npos);
  EXPECT_NE(table.find("device_hours\t2.0000\t1.5000\t2.5000\n"), std::string::npos);
  EXPECT_NE(table.find("price\t6.0000\t4.5000\t7.5000\n"), std::string::npos);
}

}  // namespace
}  // namespace virnucpro
