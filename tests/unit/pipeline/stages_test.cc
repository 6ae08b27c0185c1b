// The stages together: order, independence of batching, errors from anywhere, stopping.
#include "pipeline/stages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "base/errors.h"
#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

std::vector<std::string> expected_lines(const std::vector<Record>& records) {
  FakeRun run(records);
  run.plan.limits.orfs = 1'000'000;
  run.plan.limits.chunks = 1'000'000;
  run.plan.limits.bases = 1'000'000;
  run.plan.batch_tokens = 1'000'000;
  run.plan.repeats = RepeatLimits{};  // every ORF is computed
  run.run();
  EXPECT_LE(run.collected.windows, 1u);
  return run.collected.lines;
}

class Sink final : public ProgressSink {
 public:
  void update(const RunProgress& progress) override {
    ASSERT_EQ(inside.fetch_add(1), 0);
    EXPECT_GE(progress.records_read, last.records_read);
    EXPECT_GE(progress.frames_embedded, last.frames_embedded);
    EXPECT_GE(progress.records_finished, last.records_finished);
    last = progress;
    inside.fetch_sub(1);
    ++calls;
    if (fails) throw OutputError("terminal gone");
  }
  std::atomic<int> inside{0};
  RunProgress last;
  int calls = 0;
  bool fails = false;
};

TEST(Stages, TakeNothingForAnInputWithoutRecords) {
  const std::vector<Record> records;
  FakeRun run(records, 2);
  const StageReport report = run.run();
  EXPECT_EQ(run.collected.windows, 0u);
  EXPECT_EQ(report.intake.records, 0u);
  EXPECT_EQ(report.batches, 0u);
  EXPECT_EQ(report.encoders[EncoderKind::kEsm2].efficiency(), 1.0);
}

TEST(Stages, GiveTheSameResultsWhateverWindowsBatchesAndEngines) {
  for (const std::size_t count : {1u, 3u, 60u}) {
    const std::vector<Record> records = fake_records(count);
    const std::vector<std::string> expected = expected_lines(records);
    for (const std::size_t orfs : {1u, 7u, 1000u}) {
      for (const std::int64_t tokens : {1, 50, 5000}) {
        for (const std::size_t engines : {1u, 2u, 5u}) {
          for (const bool packed : {true, false}) {
            FakeRun run(records, engines);
            run.plan.limits.orfs = orfs;
            run.plan.batch_tokens = tokens;
            run.plan.packed = packed;
            const StageReport report = run.run();
            ASSERT_EQ(run.collected.lines, expected) << count << ' ' << orfs << ' ' << tokens;
            EXPECT_EQ(report.windows, run.collected.windows);
            EXPECT_LE(report.encoders[EncoderKind::kDnabertS].efficiency(), 1.0);
            EXPECT_LE(report.encoders[EncoderKind::kEsm2].efficiency(), 1.0);
          }
        }
      }
    }
  }
}

TEST(Stages, KeepTheOrderWhenOneDeviceIsSlow) {
  const std::vector<Record> records = fake_records(80);
  FakeRun run(records, 3);
  run.engines[0].on_batch = [] { std::this_thread::sleep_for(std::chrono::milliseconds(3)); };
  run.run();
  EXPECT_EQ(run.collected.lines, expected_lines(records));
}

TEST(Stages, ClassifyOnlyWhenAsked) {
  const std::vector<Record> records = fake_records(10);
  FakeRun run(records);
  run.plan.classify = false;
  run.engines[0].on_classify = [] { FAIL() << "classified"; };
  run.run();
  for (const std::string& line : run.collected.lines) {
    EXPECT_EQ(line.find(" p "), std::string::npos);
  }
}

TEST(Stages, CountTokensOnce) {
  std::vector<Record> records(1);
  records[0].bases = std::string(12, 'C');  // six open frames: 4 3 3 codons, twice
  FakeRun run(records);
  run.plan.repeats = RepeatLimits{};
  const StageReport report = run.run();
  EXPECT_EQ(report.intake.orfs, 6u);
  EXPECT_EQ(report.encoders[EncoderKind::kEsm2].tokens, 2u * (5 + 4 + 4));
  EXPECT_EQ(report.encoders[EncoderKind::kEsm2].capacity,
            26u + 5u);  // one batch, and room for the longest
}

/// The records of fake_records(), some of them again and again, in a fixed order.
std::vector<Record> repeated_records(std::size_t count) {
  const std::vector<Record> distinct = fake_records(30);
  std::mt19937 random(5);
  std::vector<Record> records;
  for (std::size_t i = 0; i < count; ++i) {
    records.push_back(distinct[random() % distinct.size()]);
    records.back().ordinal = i;
    records.back().id = "copy" + std::to_string(i);
  }
  return records;
}

TEST(Stages, ComputeEqualOrfsOnceAndGiveAllTheSameResult) {
  const std::vector<Record> records = repeated_records(200);
  const std::vector<std::string> expected = expected_lines(records);
  for (const std::size_t remembered : {0u, 2u, 10u, 100u, 100'000u}) {
    for (const std::size_t orfs : {1u, 7u, 1000u}) {
      for (const std::size_t engines : {1u, 3u}) {
        FakeRun run(records, engines);
        run.plan.limits.orfs = orfs;
        run.plan.repeats = RepeatLimits{remembered, remembered * 100};
        Sink sink;
        run.plan.progress = &sink;
        std::atomic<std::uint64_t> computed = 0;
        for (FakeEngine& engine : run.engines) {
          engine.on_sequences = [&](EncoderKind encoder, std::int64_t count) {
            if (encoder == EncoderKind::kEsm2) computed += static_cast<std::uint64_t>(count);
          };
        }
        const StageReport report = run.run();
        ASSERT_EQ(run.collected.lines, expected) << remembered << ' ' << orfs << ' ' << engines;
        EXPECT_EQ(report.orfs_computed, computed);
        EXPECT_EQ(report.orfs_computed + report.orfs_repeated, report.intake.orfs);
        EXPECT_EQ(sink.last.frames_embedded, report.intake.orfs);
        EXPECT_LE(report.encoders[EncoderKind::kEsm2].efficiency(), 1.0);
        EXPECT_EQ(report.orfs_repeated > 0, remembered > 0);
        if (remembered < 100'000u) continue;
        // 200 records are copies of at most 30.
        EXPECT_LT(report.orfs_computed, report.intake.orfs / 4);
      }
    }
  }
}

TEST(Stages, GiveRepeatsTheEmbeddingsWhenNothingIsClassified) {
  const std::vector<Record> records = repeated_records(100);
  std::vector<std::string> expected;
  for (const std::size_t remembered : {0u, 10u, 100'000u}) {
    FakeRun run(records);
    run.plan.classify = false;
    run.plan.repeats = RepeatLimits{remembered, remembered * 100};
    const StageReport report = run.run();
    if (remembered == 0) expected = run.collected.lines;
    EXPECT_EQ(run.collected.lines, expected) << remembered;
    EXPECT_EQ(report.orfs_repeated > 0, remembered > 0);
  }
}

TEST(Stages, TakeWindowsOfRepeatsAlone) {
  std::vector<Record> records(10);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].ordinal = i;
    records[i].bases = std::string(30, 'C');
  }
  FakeRun run(records);
  run.plan.limits.orfs = 6;  // one record a window
  run.plan.batch_tokens = 1000;
  const StageReport report = run.run();
  EXPECT_EQ(report.windows, 10u);
  EXPECT_EQ(report.batches, 2u);
  // Frames 1 and 2 of a strand differ in length: two distinct ORFs a strand at most.
  EXPECT_LE(report.orfs_computed, 6u);
  EXPECT_EQ(run.collected.lines, expected_lines(records));
}

TEST(Stages, StopAtTheFirstErrorOfAnyStageAndPassItOn) {
  const std::vector<Record> records = fake_records(100);
  for (const std::size_t engines : {1u, 3u}) {
    for (const int after : {0, 1, 10}) {
      const auto bomb = [after] {
        auto left = std::make_shared<std::atomic<int>>(after);
        return [left] {
          if (left->fetch_sub(1) <= 0) throw InputError("bomb");
        };
      };
      const std::vector<std::function<void(FakeRun&)>> places = {
          [&](FakeRun& run) {
            run.plan.records = [inner = run.plan.records, bang = bomb()](Record& record) {
              bang();
              return inner(record);
            };
          },
          [&](FakeRun& run) {
            run.plan.lanes[EncoderKind::kDnabertS].tokenize =
                [bang = bomb()](std::string_view, std::vector<std::int32_t>& ids) {
                  bang();
                  ids.push_back(1);
                };
          },
          [&](FakeRun& run) {
            for (FakeEngine& engine : run.engines) engine.on_batch = bomb();
          },
          [&](FakeRun& run) {
            for (FakeEngine& engine : run.engines) engine.on_classify = bomb();
          },
          [&](FakeRun& run) { run.plan.take = [bang = bomb()](const Window&) { bang(); }; },
      };
      for (std::size_t place = 0; place < places.size(); ++place) {
        FakeRun run(records, engines);
        run.plan.limits.orfs = 2;
        run.plan.batch_tokens = 30;
        places[place](run);
        try {
          run.run();
          FAIL() << "no error from place " << place << " after " << after;
        } catch (const InputError& error) {
          EXPECT_STREQ(error.what(), "bomb");
        }
      }
    }
  }
}

TEST(Stages, ReportProgressRarelyAndAtTheEnd) {
  const std::vector<Record> records = fake_records(50);
  FakeRun run(records, 3);
  Sink sink;
  run.plan.progress = &sink;
  const StageReport report = run.run();
  EXPECT_EQ(sink.last.records_read, 50u);
  EXPECT_EQ(sink.last.records_finished, 50u);
  EXPECT_EQ(sink.last.frames_found, report.intake.orfs);
  EXPECT_EQ(sink.last.frames_embedded, report.intake.orfs);
  EXPECT_TRUE(sink.last.reading_done);
  EXPECT_LT(sink.calls, 50);
}

TEST(Stages, EndWithTheErrorOfTheProgressSink) {
  const std::vector<Record> records = fake_records(50);
  FakeRun run(records, 2);
  Sink sink;
  sink.fails = true;
  run.plan.progress = &sink;
  EXPECT_THROW(run.run(), OutputError);
}

TEST(Stages, StopOnRequestBeforeTheyStart) {
  const std::vector<Record> records = fake_records(50);
  FakeRun run(records, 2);
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(run.run(source.get_token()), Interrupted);
}

TEST(Stages, StopOnRequestWhileTheyRun) {
  const std::vector<Record> records = fake_records(100);
  for (const int batches : {0, 1, 20}) {
    FakeRun run(records, 2);
    run.plan.limits.orfs = 2;
    std::stop_source source;
    std::atomic<int> left = batches;
    for (FakeEngine& engine : run.engines) {
      engine.on_batch = [&] {
        if (left.fetch_sub(1) == 0) source.request_stop();
      };
    }
    EXPECT_THROW(run.run(source.get_token()), Interrupted);
    EXPECT_LT(run.collected.lines.size(), expected_lines(records).size());
  }
}

TEST(Stages, HoldBackTheReaderWhileTheWriterIsSlow) {
  std::vector<Record> records(500);
  for (std::size_t i = 0; i < records.size(); ++i) {
    records[i].ordinal = i;
    records[i].bases = std::string(30, 'C');
  }
  FakeRun run(records, 2);
  run.plan.limits.orfs = 6;  // one record a window
  std::atomic<std::size_t> read = 0;
  run.plan.records = [inner = run.plan.records, &read](Record& record) {
    ++read;
    return inner(record);
  };
  std::size_t written = 0;
  std::size_t most_ahead = 0;
  run.plan.take = [&](const Window& window) {
    if (written < 5) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    most_ahead = std::max(most_ahead, read - written);
    written += window.read.parts.size();
  };
  run.run();
  EXPECT_EQ(written, 500u);
  EXPECT_LE(most_ahead, 8u);  // the windows of a run with two engines, and the one being taken
}

TEST(Stages, RunSideBySideInOneProcess) {
  const std::vector<Record> records = fake_records(40);
  const std::vector<std::string> expected = expected_lines(records);
  std::vector<std::thread> threads;
  std::atomic<int> equal = 0;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      FakeRun run(records, 2);
      run.run();
      if (run.collected.lines == expected) ++equal;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(equal, 3);
}

}  // namespace
}  // namespace virnucpro
