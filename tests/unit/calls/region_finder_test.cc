// Regions against the sums and maxima over all paths of short records, and on planted evidence.
#include "calls/region_finder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "base/errors.h"
#include "calls/calibration.h"

namespace virnucpro {
namespace {

constexpr std::uint64_t kLength = 500;
using Evidence = std::vector<ChunkEvidence>;

/// Chunks side by side; NaN stands for one without evidence.
Evidence chunks_of(const std::vector<double>& log_odds) {
  Evidence chunks;
  for (const double value : log_odds) {
    const std::uint64_t start = chunks.size() * kLength;
    chunks.push_back(
        {start, start + kLength, std::isnan(value) ? std::nullopt : std::optional<double>(value)});
  }
  return chunks;
}

/// The weight of one path by the formulas of docs/explanation/calibration.md, written down anew:
/// bit i of `path` says that chunk i is viral.
double weight_of(std::uint32_t path, const Evidence& chunks, double prevalence,
                 const RegionModel& model) {
  const double leave = 1.0 / model.viral_length;
  const double enter = 1.0 / model.other_length;
  const double share = enter / (enter + leave);
  const double ends = std::sqrt(prevalence / (1.0 - prevalence) * (1.0 - share) / share);
  const auto is_viral = [&](std::size_t i) { return (path >> i & 1u) != 0; };
  double weight = is_viral(0) ? share : 1.0 - share;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    if (is_viral(i)) weight *= std::exp(model.weight * chunks[i].log_odds.value_or(0.0));
    if (i == 0) continue;
    const auto bases = static_cast<double>(chunks[i].start - chunks[i - 1].start);
    const double to_virus = is_viral(i - 1)
                                ? share + (1.0 - share) * std::exp(-(enter + leave) * bases)
                                : share - share * std::exp(-(enter + leave) * bases);
    weight *= is_viral(i) ? to_virus : 1.0 - to_virus;
  }
  if (is_viral(0)) weight *= ends;
  if (is_viral(chunks.size() - 1)) weight *= ends;
  return weight;
}

/// Regions by all paths: those of the heaviest one, each with its probability.
std::vector<ViralRegion> regions_by_all_paths(const Evidence& chunks, double prevalence,
                                              const RegionModel& model) {
  const std::uint32_t paths = 1u << chunks.size();
  std::vector<double> weights(paths);
  for (std::uint32_t path = 0; path < paths; ++path) {
    weights[path] = weight_of(path, chunks, prevalence, model);
  }
  const auto best = static_cast<std::uint32_t>(std::ranges::max_element(weights) - weights.begin());
  std::vector<ViralRegion> regions;
  for (std::size_t first = 0; first < chunks.size(); ++first) {
    if ((best >> first & 1u) == 0) continue;
    std::size_t last = first;
    while (last + 1 < chunks.size() && (best >> (last + 1) & 1u) != 0) ++last;
    const std::uint32_t inside = (2u << last) - (1u << first);
    double virus = 0.0;
    double others = 0.0;
    for (std::uint32_t path = 0; path < paths; ++path) {
      if ((path & inside) == inside) virus += weights[path];
      if ((path & inside) == 0) others += weights[path];
    }
    ViralRegion region{
        first, last, chunks[first].start, chunks[last].end, 0, virus / (virus + others)};
    for (std::size_t i = first; i <= last; ++i) region.scored_chunks += chunks[i].log_odds ? 1 : 0;
    regions.push_back(region);
    first = last;
  }
  return regions;
}

void expect_same(const std::vector<ViralRegion>& found, const std::vector<ViralRegion>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].first, expected[i].first);
    EXPECT_EQ(found[i].last, expected[i].last);
    EXPECT_EQ(found[i].start, expected[i].start);
    EXPECT_EQ(found[i].end, expected[i].end);
    EXPECT_EQ(found[i].scored_chunks, expected[i].scored_chunks);
    EXPECT_NEAR(found[i].probability, expected[i].probability, 1e-9);
  }
}

TEST(RegionFinder, AgreesWithAllPathsOfShortRecords) {
  std::mt19937 random(11);
  std::normal_distribution<double> spread(0.0, 6.0);
  std::size_t regions = 0;
  for (int round = 0; round < 400; ++round) {
    // Lengths near those of the chunks, so that paths of many turns matter.
    const RegionModel model{500.0 + random() % 5000, 500.0 + random() % 20'000,
                            0.25 + 0.25 * (random() % 4)};
    const double prevalence = (1.0 + random() % 98) / 100.0;
    Evidence chunks;
    std::uint64_t start = random() % 1000;
    for (std::size_t i = 0, count = 1 + random() % 10; i < count; ++i) {
      ChunkEvidence& chunk = chunks.emplace_back();
      chunk.start = start;
      chunk.end = start + 1 + random() % 500;
      if (random() % 4 != 0) chunk.log_odds = spread(random);
      start += 1 + random() % 500;
    }
    // Ends that rise, as those of chunks do.
    for (std::size_t i = 1; i < chunks.size(); ++i) {
      chunks[i].end = std::max(chunks[i].end, chunks[i - 1].end);
    }
    RegionFinder finder(prevalence, model);
    const std::vector<ViralRegion> expected = regions_by_all_paths(chunks, prevalence, model);
    expect_same(finder.find(chunks), expected);
    regions += expected.size();
  }
  EXPECT_GT(regions, 200u);
}

TEST(RegionFinder, GivesARecordOfOneChunkItsProbabilityAtThePrevalence) {
  for (const double prevalence : {0.5, 0.1, 0.97}) {
    RegionFinder finder(prevalence, {.weight = 1.0});
    for (const double log_odds : {3.0, 9.0}) {
      const double expected = probability_of(log_odds + log_odds_of(prevalence));
      const std::vector<ViralRegion>& found = finder.find(chunks_of({log_odds}));
      ASSERT_EQ(found.size(), 1u);
      EXPECT_NEAR(found[0].probability, expected, 1e-12);
    }
  }
  EXPECT_TRUE(RegionFinder(0.01).find(chunks_of({3.0})).empty());
}

TEST(RegionFinder, FindsAPlantedStretchAcrossChunksThatSayNothingOrTheContrary) {
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> log_odds(4000, -1.5);
  for (std::size_t i = 1000; i < 1080; ++i) log_odds[i] = 2.0;
  for (const std::size_t i : {1010, 1011, 1012, 1040, 1077}) log_odds[i] = nothing;
  for (const std::size_t i : {1020, 1021, 1060}) log_odds[i] = -2.5;
  log_odds[2000] = 6.0;  // one chunk alone is no region of a long record
  const Evidence chunks = chunks_of(log_odds);
  RegionFinder finder;
  const std::vector<ViralRegion>& found = finder.find(chunks);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].start, 500'000u);
  EXPECT_EQ(found[0].end, 540'000u);
  EXPECT_EQ(found[0].scored_chunks, 75u);
  EXPECT_GT(found[0].probability, 0.99999);
}

TEST(RegionFinder, TakesAViralRecordWholeAndNoneOfOneWithoutEvidence) {
  RegionFinder finder;
  const std::vector<ViralRegion> whole = finder.find(chunks_of({2.0, -0.5, 1.0, 2.5, 0.5}));
  ASSERT_EQ(whole.size(), 1u);
  EXPECT_EQ(whole[0].first, 0u);
  EXPECT_EQ(whole[0].last, 4u);
  const double nothing = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(finder.find(chunks_of({-1.0, nothing, nothing, -1.0})).empty());
  EXPECT_TRUE(finder.find({}).empty());
}

TEST(RegionFinder, GivesARecordAndItsReverseTheSameRegions) {
  std::mt19937 random(3);
  std::normal_distribution<double> noise(0.0, 2.0);
  std::vector<double> log_odds(900);
  for (std::size_t i = 0; i < log_odds.size(); ++i) {
    log_odds[i] = (i < 60 || (i > 300 && i < 420) ? 1.5 : -1.5) + noise(random);
  }
  const std::vector<double> turned(log_odds.rbegin(), log_odds.rend());
  RegionFinder finder;
  const std::vector<ViralRegion> forward = finder.find(chunks_of(log_odds));
  const std::vector<ViralRegion> backward = finder.find(chunks_of(turned));
  ASSERT_EQ(forward.size(), 2u);
  ASSERT_EQ(backward.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(forward[i].first, 899 - backward[1 - i].last);
    EXPECT_EQ(forward[i].last, 899 - backward[1 - i].first);
    EXPECT_NEAR(forward[i].probability, backward[1 - i].probability, 1e-12);
  }
}

TEST(RegionFinder, StaysFiniteOverLongRecordsAndExtremeEvidence) {
  RegionFinder finder;
  const std::vector<ViralRegion>& found =
      finder.find(chunks_of(std::vector<double>(200'000, kMostLogOdds)));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].end, 200'000u * kLength);
  EXPECT_EQ(found[0].probability, 1.0);
  EXPECT_TRUE(finder.find(chunks_of(std::vector<double>(200'000, -kMostLogOdds))).empty());
}

TEST(RegionFinder, RefusesModelsThatAreNone) {
  EXPECT_THROW(RegionFinder(0.0), ContractError);
  EXPECT_THROW(RegionFinder(1.0), ContractError);
  EXPECT_THROW(RegionFinder(0.5, {.viral_length = 0.0}), ContractError);
  EXPECT_THROW(RegionFinder(0.5, {.weight = -1.0}), ContractError);
}

}  // namespace
}  // namespace virnucpro
