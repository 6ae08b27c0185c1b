// Batches sized by time: by the last one's rate, each worker for itself.
#include "pipeline/batch_pace.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

TEST(BatchPace, FollowsTheLastBatch) {
  BatchPace pace(1);
  EXPECT_EQ(pace.tokens(), 1);
  pace.computed(100, 5.0);
  EXPECT_EQ(pace.tokens(), 400);
  pace.computed(400, 80.0);  // slower than it was
  EXPECT_EQ(pace.tokens(), 100);
  pace.computed(100, 0.0);
  EXPECT_EQ(pace.tokens(), BatchPace::kNoBound);
  pace.computed(1, 1e6);
  EXPECT_EQ(pace.tokens(), 1);
}

struct SeenBatch {
  EncoderKind encoder;
  std::int64_t sequences;
  std::int64_t tokens;
};

struct TimedRun {
  std::vector<SeenBatch> batches;
  std::vector<std::string> lines;
  StageReport report;
};

/// One worker whose batches take `seconds_per_token`, by a clock that only they move.
TimedRun run_timed(bool time_sized, double seconds_per_token) {
  std::mt19937 random(5);
  std::vector<Record> records(20);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].ordinal = i;
    records[i].id = "r" + std::to_string(i);
    records[i].bases = mostly_open_bases(400, random);
  }
  FakeRun run(records, 1);
  TimedRun result;
  double now = 0.0;  // of the worker's thread alone
  run.plan.batch_tokens = 4000;
  run.plan.limits = {500, 100'000, 1'000'000};
  run.plan.time_sized = time_sized;
  run.plan.clock = [&now] { return now; };
  run.engines[0].on_embed = [&](EncoderKind encoder, const PackedBatch& batch) {
    const auto tokens = static_cast<std::int64_t>(batch.tokens.size());
    result.batches.push_back({encoder, batch.sequences(), tokens});
    now += static_cast<double>(tokens) * seconds_per_token;
  };
  result.report = run.run();
  result.lines = run.collected.lines;
  return result;
}

TEST(TimeSizedBatches, OfASlowWorkerTakeTwentySecondsAndGiveTheSameResults) {
  const TimedRun whole = run_timed(false, 0.05);
  const TimedRun timed = run_timed(true, 0.05);  // 400 tokens in 20 seconds
  EXPECT_EQ(timed.lines, whole.lines);
  ASSERT_GT(timed.batches.size(), whole.batches.size());
  std::map<EncoderKind, int> seen;
  std::map<EncoderKind, std::int64_t> tokens;
  for (const SeenBatch& batch : timed.batches) {
    // Nothing is known before the first batch: one sequence.
    const bool is_first = seen[batch.encoder]++ == 0;
    EXPECT_TRUE(is_first ? batch.sequences == 1 : batch.sequences == 1 || batch.tokens <= 400)
        << batch.sequences << " sequences of " << batch.tokens << " tokens";
    tokens[batch.encoder] += batch.tokens;
  }
  std::map<EncoderKind, std::int64_t> all;
  for (const SeenBatch& batch : whole.batches) all[batch.encoder] += batch.tokens;
  EXPECT_EQ(tokens, all);
  EXPECT_EQ(timed.report.batches, timed.batches.size());
  EXPECT_EQ(timed.report.devices[0].batches, timed.batches.size());
}

TEST(TimeSizedBatches, OfAFastWorkerAreWholeAfterTheFirst) {
  const TimedRun whole = run_timed(false, 1e-6);
  const TimedRun timed = run_timed(true, 1e-6);
  EXPECT_EQ(timed.lines, whole.lines);
  EXPECT_EQ(timed.batches.size(), whole.batches.size() + 2);  // the first of each encoder is two
}

}  // namespace
}  // namespace virnucpro
