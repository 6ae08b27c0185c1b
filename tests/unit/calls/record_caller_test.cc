#include "calls/record_caller.h"

#include <gtest/gtest.h>

#include <cmath>
#include <optional>
#include <random>
#include <vector>

#include "base/errors.h"
#include "support/plain_calibration.h"

namespace virnucpro {
namespace {

constexpr ChunkReading kWhole = {500, 0, false};

LargestScores scores_of(float p_virus) {
  LargestScores largest;
  largest.add({1.0f - p_virus, p_virus});
  return largest;
}

/// Calls a record of chunks with one frame each; a negative score stands for an unscored chunk.
RecordVerdict call(RecordCaller& caller, const std::vector<float>& chunks) {
  caller.begin();
  for (const float p_virus : chunks) {
    if (p_virus < 0.0f) {
      caller.unscored_chunk();
    } else {
      caller.chunk(scores_of(p_virus), kWhole);
    }
  }
  return caller.end();
}

TEST(CallRule, GivesATieOfAFrameToOthers) {
  EXPECT_FALSE(CallRule().is_virus({0.5f, 0.5f}));
  EXPECT_TRUE(CallRule().is_virus({0.4f, 0.6f}));
  EXPECT_FALSE(CallRule().is_virus({0.6f, 0.4f}));
}

TEST(RecordCaller, CountsChunksAndTakesMoreThanHalfOfTheScoredOnes) {
  RecordCaller caller;
  const RecordVerdict two_of_three = call(caller, {0.9f, -1.0f, 0.9f, 0.1f, -1.0f});
  EXPECT_EQ(two_of_three.chunks, 5u);
  EXPECT_EQ(two_of_three.scored_chunks, 3u);
  EXPECT_EQ(two_of_three.viral_chunks, 2u);
  EXPECT_TRUE(two_of_three.is_viral);
  EXPECT_FALSE(two_of_three.log_odds);
  EXPECT_FALSE(two_of_three.probability);
  // Nothing of a record is left in the next one.
  EXPECT_FALSE(call(caller, {0.9f, 0.1f}).is_viral);
  EXPECT_EQ(call(caller, {}).chunks, 0u);
  EXPECT_FALSE(call(caller, {-1.0f}).is_viral);
  EXPECT_FALSE(record_score({}));
}

TEST(RecordCaller, ScoresARecordByTheHighestThresholdThatCallsIt) {
  std::mt19937 random(7);
  for (int i = 0; i < 200; ++i) {
    std::vector<float> chunks(1 + random() % 6);
    // Sixteenths: exact in every sum.
    for (float& p_virus : chunks) p_virus = static_cast<float>(1 + random() % 15) / 16.0f;
    std::vector<double> chunk_scores;
    for (const float p_virus : chunks) chunk_scores.push_back(scores_of(p_virus).chunk_score());
    const std::optional<double> score = record_score(chunk_scores);
    ASSERT_TRUE(score);
    RecordCaller at({*score});
    EXPECT_TRUE(call(at, chunks).is_viral);
    RecordCaller above({std::nextafter(*score, 1.0)});
    EXPECT_FALSE(call(above, chunks).is_viral);
  }
}

TEST(RecordCaller, SaysProbabilitiesAtThePrevalenceAndCallsByScoresWithoutAThreshold) {
  const Calibration calibration = plain_calibration();
  RecordCaller caller({}, {&calibration, {0.1, {}, {}}});
  caller.begin();
  const ChunkVerdict chunk = caller.chunk(scores_of(0.75f), kWhole);
  ASSERT_TRUE(chunk.probability);
  EXPECT_NEAR(*chunk.probability, 0.25, 1e-12);  // odds of 3 times 1 / 9
  EXPECT_TRUE(chunk.is_viral);
  EXPECT_TRUE(caller.is_virus({0.4f, 0.6f}, chunk));
  EXPECT_FALSE(caller.is_virus({0.6f, 0.4f}, chunk));
  const RecordVerdict record = caller.end();
  ASSERT_TRUE(record.log_odds && record.probability);
  EXPECT_NEAR(*record.log_odds, std::log(3.0), 1e-12);
  EXPECT_NEAR(*record.probability, 0.25, 1e-12);
  EXPECT_TRUE(record.is_viral);
}

TEST(RecordCaller, CallsFramesChunksAndRecordsByProbabilitiesWithAThreshold) {
  const Calibration calibration = plain_calibration();
  RecordCaller caller({}, {&calibration, {0.5, {}, log_odds_of(0.7)}});
  caller.begin();
  const ChunkVerdict low = caller.chunk(scores_of(0.625f), kWhole);
  EXPECT_TRUE(low.is_viral_by_scores);
  EXPECT_FALSE(low.is_viral);
  EXPECT_FALSE(caller.is_virus({0.1f, 0.9f}, low));
  const ChunkVerdict high = caller.chunk(scores_of(0.875f), kWhole);
  EXPECT_TRUE(high.is_viral);
  EXPECT_TRUE(caller.is_virus({0.9f, 0.1f}, high));
  const RecordVerdict record = caller.end();
  EXPECT_EQ(record.viral_chunks, 1u);
  // The mean of logit(5 / 8) and logit(7 / 8): half of the chunks would not be enough by scores.
  EXPECT_NEAR(*record.log_odds, (std::log(5.0 / 3.0) + std::log(7.0)) / 2.0, 1e-12);
  EXPECT_TRUE(record.is_viral);
}

TEST(RecordCaller, RefusesAScoredChunkWithoutFrames) {
  RecordCaller caller;
  caller.begin();
  EXPECT_THROW(caller.chunk({}, kWhole), ContractError);
}

}  // namespace
}  // namespace virnucpro
