// Calibrations applied, fitted to runs of known records, and cross-validated.
#include "calls/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/errors.h"
#include "calls/fit.h"

namespace virnucpro {
namespace {

using testing::DoubleNear;
using testing::HasSubstr;

/// Chunks whose log odds are normal around +-1, so that twice their logit is the true log odds;
/// their scores say `factor` times that. Records have 1 to 4 chunks.
KnownRun synthetic_run(std::size_t records, double factor, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  KnownRun run;
  for (std::size_t i = 0; i < records; ++i) {
    const bool is_virus = i % 2 == 0;
    const auto source = static_cast<std::uint32_t>(i / 2 % 20 * 2 + (is_virus ? 0 : 1));
    const Truth truth = {is_virus, is_virus ? 0U : 1U, source};
    const std::uint64_t scored = 1 + random() % 4;
    for (std::uint64_t k = 0; k < scored; ++k) {
      const double log_odds = 2.0 * (normal(random) + (is_virus ? 1.0 : -1.0));
      const std::uint64_t length = random() % 3 == 0 ? 200 : 500;
      run.chunks.push_back({truth, probability_of(factor * log_odds), {length, 0, false}});
    }
    run.contigs.push_back({truth, run.chunks.back().score, scored, scored + random() % 2});
  }
  return run;
}

ChunkReading open_chunk(std::uint64_t length) { return {length, 0, false}; }
ChunkReading run_of(std::uint64_t read, std::uint64_t length) { return {length, read, true}; }

/// As synthetic_run(), but a third of the chunks are runs of 60 to 450 bases, whose scores say
/// three times the log odds that their lengths are worth: l / 500 of those of an open chunk.
KnownRun synthetic_runs(std::size_t records, std::uint64_t seed) {
  KnownRun run = synthetic_run(records, 1.0, seed);
  std::mt19937_64 random(seed + 1);
  for (KnownChunk& chunk : run.chunks) {
    if (random() % 3 != 0) continue;
    const std::uint64_t read = 60 + 3 * (random() % 131);
    // Two draws of a normal variable of mean +-m and variance m have a log likelihood ratio of
    // twice their value, so this keeps the class and thins the evidence.
    const double share = static_cast<double>(read) / 500.0;
    std::normal_distribution<double> noise(0.0, std::sqrt(share));
    const double value = (chunk.truth.is_virus ? share : -share) + noise(random);
    chunk.score = probability_of(3.0 * 2.0 * value);
    chunk.reading = run_of(read, 500);
  }
  return run;
}

TEST(Calibration, GivesTheMapOfTheLength) {
  Calibration calibration;
  calibration.all = {1.0, 0.0, {}};
  calibration.classes = {{0, 0, 0, {}},
                         {300, 0, 0, ScoreMap{2.0, 0.5, {}}},
                         {450, 0, 0, ScoreMap{1.0, 0.0, {{0.2, 0.1}, {0.6, 0.5}, {0.8, 0.5}}}}};
  EXPECT_NEAR(calibration.chunk_probability(0.3, open_chunk(299)), 0.3, 1e-15);
  EXPECT_NEAR(calibration.chunk_probability(0.5, open_chunk(300)), probability_of(0.5), 1e-15);
  EXPECT_NEAR(calibration.chunk_probability(0.4, open_chunk(450)), 0.3, 1e-15);
  EXPECT_EQ(calibration.chunk_probability(0.1, open_chunk(500)), 0.1);
  EXPECT_EQ(calibration.chunk_probability(0.7, open_chunk(500)), 0.5);
  EXPECT_EQ(calibration.chunk_probability(0.9, open_chunk(500)), 0.5);
  EXPECT_NEAR(calibration.chunk_probability(0.0, open_chunk(299)), kLeastScore, 1e-18);
}

TEST(Calibration, WeighsTheScoreOfARunByItsShareWhereNothingWasFitted) {
  Calibration calibration;
  calibration.classes = {{0, 0, 0, {}}, {450, 0, 0, ScoreMap{2.0, 0.5, {}}}};
  const double score = probability_of(3.0);
  EXPECT_NEAR(log_odds_of(calibration.chunk_probability(score, run_of(100, 400))), 0.75, 1e-12);
  EXPECT_NEAR(log_odds_of(calibration.chunk_probability(score, run_of(250, 500))), 3.5, 1e-12);
  EXPECT_THROW(calibration.chunk_probability(score, run_of(0, 500)), ContractError);
}

TEST(Calibration, GivesTheMapOfARunByLengthAndShare) {
  Calibration calibration;
  calibration.classes = {{0, 0, 0, {}}};
  RunMap map;
  map.intercept = -0.5;
  map.score = 1.0;
  map.length = 0.25;
  map.score_by_length = 0.5;
  map.share = 2.0;
  RunMap constant;
  constant.score = 0.0;
  constant.intercept = 1.0;
  calibration.runs = RunCalibration{500, map, {{0, 0, 0, constant}, {450, 0, 0, {}}}};
  const double l = std::log(150.0 / 500.0);
  EXPECT_NEAR(log_odds_of(calibration.chunk_probability(probability_of(2.0), run_of(150, 480))),
              -0.5 + (1.0 + 0.5 * l) * 2.0 + 0.25 * l + 2.0 * 150.0 / 480.0, 1e-12);
  // Where the slope would fall below 0, the score says nothing.
  const double least = std::log(60.0 / 500.0);
  EXPECT_NEAR(log_odds_of(calibration.chunk_probability(0.99, run_of(60, 500))),
              -0.5 + 0.25 * least + 2.0 * 0.12, 1e-12);
  EXPECT_NEAR(log_odds_of(calibration.chunk_probability(0.99, run_of(60, 300))), 1.0, 1e-12);
  EXPECT_NEAR(calibration.chunk_probability(0.3, open_chunk(480)), 0.3, 1e-15);
}

TEST(Calibration, LearnsWhatRunsAreWorth) {
  const KnownRun run = synthetic_runs(6000, 5);
  for (const CalibrationMethod method : {CalibrationMethod::kPlatt, CalibrationMethod::kIsotonic}) {
    const Calibration calibration = fit_calibration(run, method, 500);
    ASSERT_TRUE(calibration.runs);
    EXPECT_EQ(calibration.runs->unit, 500U);
    for (const std::uint64_t read : {90, 210, 420}) {
      for (const double log_odds : {-1.5, 0.0, 1.0}) {
        EXPECT_NEAR(
            calibration.chunk_probability(probability_of(3.0 * log_odds), run_of(read, 500)),
            probability_of(log_odds), 0.06)
            << name_of(method) << " " << read << " " << log_odds;
      }
    }
    double before = -1.0;
    for (double score = 0.0; score <= 1.0; score += 0.01) {
      const double now = calibration.chunk_probability(score, run_of(120, 500));
      EXPECT_GE(now, before) << score;
      before = now;
    }
    KnownRun open = run;
    std::erase_if(open.chunks, [](const KnownChunk& chunk) { return chunk.reading.is_run; });
    open.contigs.clear();
    EXPECT_FALSE(fit_calibration(open, method, 500).runs);
    // Both kinds are balanced together: where viruses have fewer runs, a run is less viral.
    KnownRun fewer = run;
    std::size_t viral_runs = 0;
    std::erase_if(fewer.chunks, [&](const KnownChunk& chunk) {
      return chunk.reading.is_run && chunk.truth.is_virus && ++viral_runs % 2 == 0;
    });
    fewer.contigs.clear();
    EXPECT_LT(fit_calibration(fewer, method, 500).chunk_probability(0.5, run_of(210, 500)),
              calibration.chunk_probability(0.5, run_of(210, 500)) - 0.05);
    const CrossValidation held_out = cross_validate(run, method, 500);
    EXPECT_LT(held_out.chunks.after.calibration_error, 0.02);
    EXPECT_LT(held_out.chunks.after.log_loss, held_out.chunks.before.log_loss);
  }
}

TEST(Calibration, CountsRunsOfARecordByTheirWeightAndNotAsOpenChunks) {
  ContigEvidence evidence;
  evidence.add(probability_of(2.0));
  evidence.add(probability_of(4.0), /*is_run=*/true);
  EXPECT_EQ(evidence.scored(), 2U);
  ContigRule rule = {1.0, 0.25, 1.0, 0.0, 0.5};
  EXPECT_NEAR(evidence.log_odds(rule, 3), 0.25 + (2.0 + 0.5 * 4.0) / 1.5 * 1.5, 1e-12);
  rule.gamma = 0.0;
  rule.density = 3.0;
  EXPECT_NEAR(evidence.log_odds(rule, 3), 0.25 + 4.0 / 1.5 + 3.0 * std::log(2.0 / 5.0), 1e-12);
}

TEST(BundleCalls, LetNoGroupHaveMoreFalsePositivesThanAsked) {
  std::mt19937_64 random(8);
  std::normal_distribution<double> normal;
  const std::vector<std::string> names = {"phage", "bacteria", "plants", "few"};
  std::vector<OtherRecord> others;
  for (int i = 0; i < 4000; ++i) others.push_back({normal(random), 1});
  for (int i = 0; i < 1000; ++i) others.push_back({normal(random) + 2.0, 2});
  for (int i = 0; i < 20; ++i) others.push_back({normal(random) + 9.0, 3});
  for (int i = 0; i < 3000; ++i) others.push_back({-std::numeric_limits<double>::infinity(), 2});
  const auto rate = [&](const BundleCalls& calls, std::uint32_t group) {
    double called = 0.0;
    double all = 0.0;
    for (const OtherRecord& other : others) {
      if (other.group != group) continue;
      all += 1.0;
      called += other.log_odds >= calls.log_odds ? 1.0 : 0.0;
    }
    return called / all;
  };
  const BundleCalls calls = fit_calls(others, names, 0.005, {"few"});
  EXPECT_LE(rate(calls, 1), 0.005);
  EXPECT_LE(rate(calls, 2), 0.005);
  EXPECT_NEAR(std::max(rate(calls, 1), rate(calls, 2)), 0.005, 0.0005) << "and not fewer";
  EXPECT_GT(rate(calls, 3), 0.5);
  EXPECT_EQ(calls.excepted, std::vector<std::string>{"few"});
  EXPECT_EQ(rate(fit_calls(others, names, 0.005, {}), 3), 0.0) << "a group of few has none";
  EXPECT_THROW(fit_calls(others, names, 0.005, {"phage"}), InputError);
  EXPECT_THROW(fit_calls(others, names, 0.005, {"bacteria", "plants", "few"}), InputError);
}

TEST(Calibration, AddsUpTheChunksOfARecord) {
  ContigEvidence evidence;
  evidence.add(probability_of(1.0));
  evidence.add(probability_of(3.0));
  EXPECT_THAT(evidence.log_odds({}, 5), DoubleNear(2.0, 1e-12)) << "the mean";
  EXPECT_NEAR(evidence.log_odds({1.0, 0.0, 1.0, 0.0}, 5), 4.0, 1e-12);
  EXPECT_NEAR(evidence.log_odds({0.5, -1.0, 1.5, 2.0}, 5),
              -1.0 + 1.5 * 2.0 * std::sqrt(2.0) + 2.0 * std::log(3.0 / 7.0), 1e-12);
  EXPECT_EQ(evidence.log_odds({0.0, 0.0, 100.0, 0.0}, 5), kMostLogOdds);
  EXPECT_THROW(evidence.log_odds({}, 1), ContractError);
  EXPECT_THROW(ContigEvidence().log_odds({}, 1), ContractError);
}

TEST(Calibration, WeighsLabelsGroupsAndSourcesEqually) {
  const std::vector<Truth> items = {{true, 0, 0},  {true, 0, 0},  {true, 0, 1},  {true, 1, 2},
                                    {false, 2, 3}, {false, 2, 3}, {false, 2, 3}, {false, 2, 3}};
  const std::vector<double> weights = balanced_weights(items);
  const std::vector<double> expected = {0.5, 0.5, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0};
  for (std::size_t i = 0; i < items.size(); ++i) EXPECT_NEAR(weights[i], expected[i], 1e-12) << i;
}

TEST(Calibration, RecoversTheTruthBehindScoresThatAreTooSure) {
  const KnownRun run = synthetic_run(4000, 3.0, 1);
  const Calibration platt = fit_calibration(run, CalibrationMethod::kPlatt, 500);
  EXPECT_NEAR(platt.all.slope, 1.0 / 3.0, 0.03);
  EXPECT_NEAR(platt.all.intercept, 0.0, 0.1);
  ASSERT_EQ(platt.classes.size(), 3U);
  EXPECT_EQ(platt.classes[1].from, 300U);
  EXPECT_EQ(platt.classes[2].from, 450U);
  EXPECT_TRUE(platt.classes[0].map && platt.classes[2].map);
  EXPECT_FALSE(platt.classes[1].map) << "no chunk of this length";
  // Chunks are drawn one by one: their log odds add up.
  EXPECT_EQ(platt.contig.gamma, 1.0);
  EXPECT_NEAR(platt.contig.evidence, 1.0, 0.15);
  EXPECT_EQ(fit_calibration(run, CalibrationMethod::kPlatt, 500), platt);
  const Calibration isotonic = fit_calibration(run, CalibrationMethod::kIsotonic, 500);
  EXPECT_LE(isotonic.all.knots.size(), kMostKnots);
  for (const double log_odds : {-4.0, -1.0, 0.0, 2.0}) {
    EXPECT_NEAR(isotonic.chunk_probability(probability_of(3.0 * log_odds), open_chunk(500)),
                probability_of(log_odds), 0.06)
        << log_odds;
  }
  EXPECT_GT(isotonic.chunk_probability(0.0, open_chunk(500)), 0.0);
  EXPECT_LT(isotonic.chunk_probability(1.0, open_chunk(500)), 1.0);
}

TEST(Calibration, IsBetterThanTheScoresOnGenomesItHasNotSeen) {
  const KnownRun run = synthetic_run(2000, 3.0, 2);
  for (const CalibrationMethod method : {CalibrationMethod::kPlatt, CalibrationMethod::kIsotonic}) {
    const CrossValidation held_out = cross_validate(run, method, 500);
    EXPECT_EQ(held_out.folds, kFolds);
    EXPECT_EQ(held_out.contigs.viruses, 1000U);
    for (const HeldOut& each : {held_out.chunks, held_out.contigs}) {
      EXPECT_LT(each.after.log_loss, each.before.log_loss);
      EXPECT_LT(each.after.brier, each.before.brier);
      EXPECT_LT(each.after.calibration_error, 0.03) << name_of(method);
      EXPECT_LT(each.after.calibration_error, each.before.calibration_error);
    }
  }
}

TEST(Calibration, TakesTheMeanWhereRecordsAreFew) {
  const Calibration calibration =
      fit_calibration(synthetic_run(120, 3.0, 3), CalibrationMethod::kPlatt, 500);
  EXPECT_EQ(calibration.contig, ContigRule{});
  EXPECT_EQ(calibration.contig_viruses, 0U);
  for (const LengthClass& each : calibration.classes) EXPECT_FALSE(each.map);
}

TEST(Calibration, RefusesWhatSaysNothing) {
  const auto error_of = [](const KnownRun& run) -> std::string {
    try {
      cross_validate(run, CalibrationMethod::kPlatt, 500);
    } catch (const InputError& error) {
      return error.what();
    }
    return {};
  };
  KnownRun run = synthetic_run(200, 1.0, 4);
  for (KnownChunk& chunk : run.chunks) chunk.truth.source = chunk.truth.is_virus ? 0 : 1;
  for (KnownContig& contig : run.contigs) contig.truth.source = contig.truth.is_virus ? 0 : 1;
  EXPECT_THAT(error_of(run), HasSubstr("two sources of each label at least, found 1 of viruses"));
  EXPECT_THAT(error_of(synthetic_run(10, 1.0, 4)),
              HasSubstr("a calibration needs 20 scored chunks of each label at least, found "));
}

}  // namespace
}  // namespace virnucpro
