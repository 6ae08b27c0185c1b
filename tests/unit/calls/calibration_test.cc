// Calibrations applied, fitted to runs of known records, and cross-validated.
#include "calls/calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

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
      run.chunks.push_back({truth, probability_of(factor * log_odds), length});
    }
    run.contigs.push_back({truth, run.chunks.back().score, scored, scored + random() % 2});
  }
  return run;
}

TEST(Calibration, GivesTheMapOfTheLength) {
  Calibration calibration;
  calibration.all = {1.0, 0.0, {}};
  calibration.classes = {{0, 0, 0, {}},
                         {300, 0, 0, ScoreMap{2.0, 0.5, {}}},
                         {450, 0, 0, ScoreMap{1.0, 0.0, {{0.2, 0.1}, {0.6, 0.5}, {0.8, 0.5}}}}};
  EXPECT_NEAR(calibration.chunk_probability(0.3, 299), 0.3, 1e-15);
  EXPECT_NEAR(calibration.chunk_probability(0.5, 300), probability_of(0.5), 1e-15);
  EXPECT_NEAR(calibration.chunk_probability(0.4, 450), 0.3, 1e-15);
  EXPECT_EQ(calibration.chunk_probability(0.1, 500), 0.1);
  EXPECT_EQ(calibration.chunk_probability(0.7, 500), 0.5);
  EXPECT_EQ(calibration.chunk_probability(0.9, 500), 0.5);
  EXPECT_NEAR(calibration.chunk_probability(0.0, 299), kLeastScore, 1e-18);
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
    EXPECT_NEAR(isotonic.chunk_probability(probability_of(3.0 * log_odds), 500),
                probability_of(log_odds), 0.06)
        << log_odds;
  }
  EXPECT_GT(isotonic.chunk_probability(0.0, 500), 0.0);
  EXPECT_LT(isotonic.chunk_probability(1.0, 500), 1.0);
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
