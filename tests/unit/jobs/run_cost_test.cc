// How long a run is expected to take.
#include "jobs/run_cost.h"

#include <gtest/gtest.h>

namespace virnucpro {
namespace {

/// ESM-2 with nine times the weights of DNABERT-S, one worker.
const CostFacts kFacts = {.weights = {{1.0, 9.0}}, .workers = 1};

/// A window of 100 frames of ten tokens each, a quarter of the input, of which DNABERT-S has
/// computed half in five seconds.
RunProgress one_batch() {
  RunProgress progress;
  progress.frames_found = 100;
  progress.frames_prepared = 100;
  progress.seconds = 5.0;
  progress.encoders[EncoderKind::kDnabertS] = {
      .tokens_planned = 1000, .tokens_computed = 500, .seconds = 5.0};
  progress.encoders[EncoderKind::kEsm2] = {.tokens_planned = 1000};
  return progress;
}

TEST(RunCost, IsUnknownBeforeTheFirstBatchAndForInputsOfUnknownSize) {
  RunProgress progress = one_batch();
  EXPECT_FALSE(expected_cost(progress, std::nullopt, kFacts));
  EXPECT_FALSE(expected_cost(progress, 0.0, kFacts));
  progress.encoders[EncoderKind::kDnabertS].tokens_computed = 0;
  EXPECT_FALSE(expected_cost(progress, 0.25, kFacts));
  EXPECT_FALSE(expected_cost({}, 1.0, kFacts));
}

TEST(RunCost, GivesAnEncoderWithoutABatchThePaceOfTheOther) {
  // 4,000 tokens of each: 0.01 s for one of DNABERT-S, so 0.09 s for one of ESM-2.
  const RunCost cost = expected_cost(one_batch(), 0.25, kFacts).value();
  EXPECT_NEAR(cost.seconds_left, 3500 * 0.01 + 4000 * 0.09, 1e-9);
  EXPECT_NEAR(cost.seconds, cost.seconds_left + 5.0, 1e-9);
}

TEST(RunCost, TakesTheOwnPaceOnceItIsKnown) {
  RunProgress progress = one_batch();
  progress.encoders[EncoderKind::kEsm2] = {
      .tokens_planned = 1000, .tokens_computed = 100, .seconds = 4.0};
  const RunCost cost = expected_cost(progress, 0.25, kFacts).value();
  EXPECT_NEAR(cost.seconds_left, 3500 * 0.01 + 3900 * 0.04, 1e-9);
}

TEST(RunCost, IsSharedByTheWorkers) {
  CostFacts facts = kFacts;
  facts.workers = 4;
  EXPECT_NEAR(expected_cost(one_batch(), 0.25, facts)->seconds_left,
              expected_cost(one_batch(), 0.25, kFacts)->seconds_left / 4.0, 1e-9);
}

TEST(RunCost, CountsRepeatsAsFree) {
  RunProgress progress = one_batch();
  progress.encoders[EncoderKind::kDnabertS].tokens_planned = 600;  // of 60 frames, 40 are repeats
  progress.encoders[EncoderKind::kEsm2].tokens_planned = 600;
  const RunCost cost = expected_cost(progress, 0.25, kFacts).value();
  EXPECT_NEAR(cost.seconds_left, 1900 * 0.01 + 2400 * 0.09, 1e-9);
}

TEST(RunCost, EndsAtNothing) {
  RunProgress progress = one_batch();
  progress.reading_done = true;
  for (EncoderProgress& encoder : progress.encoders) {
    encoder = {.tokens_planned = 1000, .tokens_computed = 1000, .seconds = 10.0};
  }
  const RunCost cost = expected_cost(progress, 0.9, kFacts).value();
  EXPECT_EQ(cost.seconds_left, 0.0);
  EXPECT_EQ(cost.seconds, 5.0);
}

}  // namespace
}  // namespace virnucpro
