// Devices that fail: no room, no finite values, no device any more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <set>
#include <thread>

#include "base/errors.h"
#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

std::vector<std::string> lines_without_faults(const std::vector<Record>& records) {
  FakeRun run(records);
  run.run();
  return run.collected.lines;
}

/// The text of the log, as long as the run lives.
struct LoggedRun : FakeRun {
  explicit LoggedRun(const std::vector<Record>& records, std::size_t engine_count = 1)
      : FakeRun(records, engine_count) {
    plan.log = Log([this](LogLevel, std::string_view line) {
      const std::lock_guard lock(mutex);
      messages.emplace_back(line);
    });
  }
  std::mutex mutex;
  std::vector<std::string> messages;
};

/// A chunk with a failure is left out as a whole.
std::uint64_t frames_of_failed_chunks(const Window& window) {
  std::uint64_t frames = 0;
  std::size_t end = 0;
  for (const Window::ChunkEntry& chunk : window.read.chunks) {
    const std::size_t begin = end;
    end += chunk.orf_count;
    const auto failure = window.finished.failures.lower_bound(static_cast<std::uint32_t>(begin));
    if (failure != window.finished.failures.end() && failure->first < end)
      frames += chunk.orf_count;
  }
  return frames;
}

TEST(Faults, HalveBatchesWithoutRoomAndPlanSmallerOnes) {
  const std::vector<Record> records = fake_records(60);
  for (const std::size_t engines : {1u, 3u}) {
    for (const std::size_t room : {70u, 200u}) {  // tokens; the longest sequence has less
      LoggedRun run(records, engines);
      run.plan.batch_tokens = 1000;
      run.plan.limits = {50, 100, 100'000};
      std::atomic<std::size_t> largest_that_fitted = 0;
      for (FakeEngine& engine : run.engines) {
        engine.on_embed = [&](EncoderKind, const PackedBatch& batch) {
          if (batch.tokens.size() > room && batch.sequences() > 1) {
            throw OutOfDeviceMemory("no room");
          }
          if (batch.sequences() == 1) return;
          std::size_t before = largest_that_fitted;
          while (before < batch.tokens.size() &&
                 !largest_that_fitted.compare_exchange_weak(before, batch.tokens.size())) {
          }
        };
      }
      const StageReport report = run.run();
      EXPECT_EQ(run.collected.lines, lines_without_faults(records)) << engines << ' ' << room;
      EXPECT_GT(report.faults.out_of_memory, 0u);
      std::uint64_t releases = 0;
      for (const FakeEngine& engine : run.engines) {
        releases += static_cast<std::uint64_t>(engine.releases);
      }
      EXPECT_EQ(releases, report.faults.out_of_memory);
      EXPECT_LE(largest_that_fitted, room);
      EXPECT_EQ(report.faults.failed_frames, 0u);
      EXPECT_THAT(run.messages.front(), HasSubstr("no memory for a batch of"));
    }
  }
}

TEST(Faults, FailOneSequenceThatHasNoRoomAlone) {
  const std::vector<Record> records = fake_records(30);
  LoggedRun run(records);
  run.plan.repeats = RepeatLimits{};
  std::atomic<int> longest = 0;
  for (const Record& record : records) {
    longest =
        std::max<int>(longest, static_cast<int>(std::min<std::size_t>(30, record.bases.size())));
  }
  run.engines[0].on_embed = [&](EncoderKind encoder, const PackedBatch& batch) {
    for (std::int64_t i = 0; encoder == EncoderKind::kDnabertS && i < batch.sequences(); ++i) {
      const auto k = static_cast<std::size_t>(i);
      if (batch.cu_seqlens[k + 1] - batch.cu_seqlens[k] > longest) throw OutOfDeviceMemory("no");
    }
  };
  std::map<std::string, std::string> failures;
  std::size_t orfs = 0;
  std::uint64_t left_out = 0;
  run.plan.take = [&](const Window& window) {
    orfs += window.read.orfs.size();
    left_out += frames_of_failed_chunks(window);
    for (const auto& [orf, reason] : window.finished.failures) {
      failures[window.read.frame_ids({&orf, 1}).front()] = reason;
      EXPECT_TRUE(std::isnan(window.computed.scores[2 * orf]));
    }
  };
  const StageReport report = run.run();
  EXPECT_EQ(report.intake.orfs, orfs);
  ASSERT_FALSE(failures.empty());
  EXPECT_LT(failures.size(), orfs);
  EXPECT_EQ(report.faults.failed_frames, left_out);
  EXPECT_EQ(failures.begin()->second, "DNABERT-S: no memory for its 31 tokens");
}

TEST(Faults, EndWhenThereIsNoRoomForAnything) {
  const std::vector<Record> records = fake_records(3);
  LoggedRun run(records);
  run.engines[0].on_embed = [](EncoderKind encoder, const PackedBatch&) {
    if (encoder == EncoderKind::kEsm2) throw OutOfDeviceMemory("no");
  };
  try {
    run.run();
    FAIL() << "nothing has a result";
  } catch (const DeviceError& error) {
    EXPECT_THAT(error.what(), HasSubstr("no device has memory for any of"));
    EXPECT_THAT(error.what(), HasSubstr("ESM-2: no memory for its"));
    EXPECT_THAT(error.what(), HasSubstr("--force"));
  }
}

/// Sequences of an encoder whose tokens hold the letter 'A' twice in a row are not finite.
bool is_guilty(std::span<const std::int32_t> tokens) {
  for (std::size_t i = 2; i < tokens.size(); ++i) {
    if (tokens[i - 1] == 'A' - 'A' && tokens[i] == 'A' - 'A') return true;
  }
  return false;
}

std::size_t guilty_in(const PackedBatch& batch) {
  std::size_t count = 0;
  for (std::int64_t i = 0; i < batch.sequences(); ++i) {
    const auto k = static_cast<std::size_t>(i);
    const auto begin = static_cast<std::size_t>(batch.cu_seqlens[k]);
    const auto end = static_cast<std::size_t>(batch.cu_seqlens[k + 1]);
    count += is_guilty(std::span(batch.tokens).subspan(begin, end - begin)) ? 1 : 0;
  }
  return count;
}

void throw_when_guilty(EncoderKind encoder, const PackedBatch& batch) {
  if (encoder == EncoderKind::kDnabertS && guilty_in(batch) > 0) throw NonfiniteError("NaN");
}

TEST(Faults, ComputeGuiltySequencesAloneInFp32) {
  const std::vector<Record> records = fake_records(60);
  for (const std::size_t engines : {1u, 3u}) {
    LoggedRun run(records, engines);
    std::atomic<std::uint64_t> exact = 0;
    for (FakeEngine& engine : run.engines) {
      engine.on_embed = throw_when_guilty;
      engine.on_exact = [&](EncoderKind, const PackedBatch& batch) {
        EXPECT_EQ(batch.sequences(), 1);
        EXPECT_EQ(guilty_in(batch), 1u);
        ++exact;
      };
    }
    const StageReport report = run.run();
    EXPECT_EQ(run.collected.lines, lines_without_faults(records));
    EXPECT_GT(exact, 0u);
    EXPECT_EQ(report.faults.recomputed_frames, exact);
    EXPECT_EQ(report.faults.failed_frames, 0u);
  }
}

TEST(Faults, FailWhatIsNotFiniteInFp32EitherAndItsRepeats) {
  std::vector<Record> records = fake_records(60);
  for (std::size_t i = 0; i < 30; ++i) {  // each of them twice
    records.push_back(records[i]);
    records.back().ordinal = records.size() - 1;
  }
  std::set<std::string> expected;
  for (const std::size_t engines : {1u, 3u}) {
    for (const std::size_t remembered : {0u, 10'000u}) {
      LoggedRun run(records, engines);
      run.plan.repeats = RepeatLimits{remembered, remembered * 100};
      for (FakeEngine& engine : run.engines) {
        engine.on_embed = throw_when_guilty;
        engine.on_exact = [](EncoderKind, const PackedBatch&) { throw PrecisionError("NaN"); };
      }
      std::set<std::string> failed;
      run.plan.take = [&](const Window& window) {
        for (const auto& [orf, reason] : window.finished.failures) {
          const std::string ordinal = std::to_string(window.read.parts.front().record->ordinal);
          failed.insert(std::to_string(window.read.first_orf + orf) + " " + reason);
        }
      };
      run.run();
      ASSERT_FALSE(failed.empty());
      if (expected.empty()) expected = failed;
      EXPECT_EQ(failed, expected) << engines << ' ' << remembered;
      EXPECT_THAT(*failed.begin(), HasSubstr("DNABERT-S gives NaN or infinity, also in FP32"));
    }
  }
}

void put_nan(std::span<float> scores) {
  std::ranges::fill(scores, std::numeric_limits<float>::quiet_NaN());
}

std::string error_of(FakeRun& run) {
  try {
    run.run();
  } catch (const PrecisionError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Faults, AreCountedAlikeWhateverTheyComeFrom) {
  std::vector<Record> records = fake_records(60);
  for (std::size_t i = 0; i < 30; ++i) {  // each of them twice
    records.push_back(records[i]);
    records.back().ordinal = records.size() - 1;
  }
  for (const bool by_classifier : {false, true}) {
    for (const bool classify : {true, false}) {
      if (by_classifier && !classify) continue;
      LoggedRun run(records, 2);
      run.plan.classify = classify;
      run.plan.limits.orfs = 7;
      for (FakeEngine& engine : run.engines) {
        if (by_classifier) {
          engine.on_score = [](std::span<const float> features, std::span<float> scores) {
            if (features[0] > 15.0f) put_nan(scores);
          };
        } else {
          engine.on_embed = throw_when_guilty;
          engine.on_exact = [](EncoderKind, const PackedBatch&) { throw PrecisionError("NaN"); };
        }
      }
      std::uint64_t frames = 0;
      std::uint64_t failed = 0;
      std::uint64_t left_out = 0;
      std::uint64_t own = 0;
      run.plan.take = [&](const Window& window) {
        frames += window.read.orfs.size();
        failed += window.finished.failures.size();
        left_out += frames_of_failed_chunks(window);
        for (const auto& [orf, reason] : window.finished.failures) {
          own += window.finished.same_as[orf] == Window::kOwnResult ? 1 : 0;
          EXPECT_EQ(reason, by_classifier ? "the classifier gives NaN or infinity"
                                          : "DNABERT-S gives NaN or infinity, also in FP32");
        }
      };
      const StageReport report = run.run();
      EXPECT_GT(own, 0u);
      EXPECT_GT(failed, own);
      EXPECT_LT(left_out, frames);
      EXPECT_EQ(report.faults.failed_frames, classify ? left_out : failed);
      const auto named = std::ranges::count_if(run.messages, [](const std::string& line) {
        return line.find("has no result: ") != std::string::npos;
      });
      EXPECT_GT(named, 0);
      EXPECT_LE(static_cast<std::uint64_t>(named), own);
    }
  }
}

TEST(Faults, EndARunWhoseModelIsNeverFinite) {
  const std::vector<Record> records = fake_records(60);
  LoggedRun run(records);
  run.engines[0].on_embed = [](EncoderKind encoder, const PackedBatch&) {
    if (encoder == EncoderKind::kEsm2) throw NonfiniteError("all of it");
  };
  run.engines[0].on_exact = [](EncoderKind, const PackedBatch&) { throw PrecisionError("NaN"); };
  const std::string error = error_of(run);
  EXPECT_THAT(error, HasSubstr("ESM-2 gave no finite embedding at all"));
  EXPECT_THAT(error, HasSubstr("all of it"));
}

TEST(Faults, EndARunWithoutAnyFiniteResultHoweverSmallItIs) {
  for (const std::size_t frames : {1u, 5u, 200u}) {
    for (const char* guilty : {"DNABERT-S", "ESM-2", "the classifier"}) {
      for (const bool classify : {true, false}) {
        const std::string name = guilty;
        if (name == "the classifier" && !classify) continue;
        std::vector<Record> few;
        std::mt19937 random(3);
        for (std::size_t i = 0; i < frames; ++i) {
          few.push_back({.ordinal = i, .id = "r", .bases = mostly_open_bases(30, random)});
        }
        LoggedRun run(few);
        run.plan.classify = classify;
        run.plan.limits.orfs = 3;
        run.engines[0].on_embed = [&](EncoderKind encoder, const PackedBatch&) {
          if (name == name_of(encoder)) throw NonfiniteError("NaN");
        };
        run.engines[0].on_exact = [](EncoderKind, const PackedBatch&) {
          throw PrecisionError("NaN");
        };
        if (name == "the classifier") {
          run.engines[0].on_score = [](std::span<const float>, std::span<float> scores) {
            put_nan(scores);
          };
        }
        const std::string error = error_of(run);
        EXPECT_THAT(error, HasSubstr("'virnucpro models verify'")) << guilty << ' ' << frames;
        EXPECT_THAT(error, HasSubstr(guilty)) << frames;
      }
    }
  }
}

TEST(Faults, GiveTheBatchesOfALostDeviceToTheOthers) {
  const std::vector<Record> records = fake_records(80);
  for (const int batches : {0, 1, 7}) {
    LoggedRun run(records, 3);
    run.plan.limits.orfs = 4;
    run.plan.batch_tokens = 40;
    std::atomic<int> left = batches;
    run.engines[1].on_batch = [&] {
      if (left.fetch_sub(1) <= 0) throw DeviceError("fell off the bus");
    };
    const StageReport report = run.run();
    EXPECT_EQ(run.collected.lines, lines_without_faults(records)) << batches;
    if (left >= 0) continue;  // the other two were faster
    EXPECT_EQ(report.faults.lost_devices, std::vector<std::string>{"device:1"});
    EXPECT_THAT(run.messages, testing::Contains(HasSubstr("device:1 is lost: fell off the bus. Its "
                                                          "batches go to 2 others")));
  }
}

TEST(Faults, LoseADeviceOnceWhateverTheNumberOfItsWorkers) {
  const std::vector<Record> records = fake_records(80);
  LoggedRun run(records, 4);
  for (const std::size_t lane : {1u, 2u, 3u}) run.engines[lane].device = "cuda:1";
  run.plan.limits.orfs = 4;
  run.plan.batch_tokens = 40;
  std::atomic<bool> is_lost = false;
  std::atomic<int> batches = 0;
  run.engines[0].on_batch = [&] {  // waits until the other device has its fault
    while (!is_lost) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  for (const std::size_t lane : {1u, 2u, 3u}) {
    run.engines[lane].on_batch = [&] {
      if (++batches < 5) return;
      is_lost = true;
      throw DeviceError("fell off the bus");
    };
  }
  const StageReport report = run.run();
  EXPECT_EQ(run.collected.lines, lines_without_faults(records));
  EXPECT_EQ(report.faults.lost_devices, std::vector<std::string>{"cuda:1"});
  EXPECT_EQ(std::ranges::count_if(
                run.messages,
                [](const std::string& line) { return line.find(" is lost") != std::string::npos; }),
            1);
  EXPECT_THAT(run.messages, testing::Contains(HasSubstr("cuda:1 is lost: fell off the bus. Its "
                                                        "batches go to 1 other")));
  EXPECT_EQ(report.devices.at(1).batches, 4u);
  EXPECT_EQ(report.devices.at(0).batches, report.batches - 4);
}

TEST(Faults, EndTheRunWithTheLastWorkersOfTheLastDevice) {
  const std::vector<Record> records = fake_records(80);
  LoggedRun run(records, 3);
  for (FakeEngine& engine : run.engines) {
    engine.device = "cuda:0";
    engine.on_batch = [] { throw DeviceError("power"); };
  }
  EXPECT_THROW(run.run(), DeviceError);
  EXPECT_THAT(run.messages, testing::ElementsAre(HasSubstr("cuda:0 is lost: power. No device")));
}

TEST(Faults, SurviveADeviceThatIsLostWhileItClassifies) {
  const std::vector<Record> records = fake_records(80);
  LoggedRun run(records, 3);
  run.plan.limits.orfs = 4;
  run.engines[0].on_classify = [] { throw DeviceError("gone"); };
  run.engines[1].on_classify = [] { throw DeviceError("gone, too"); };
  run.run();
  EXPECT_EQ(run.collected.lines, lines_without_faults(records));
}

TEST(Faults, EndTheRunWithTheLastDevice) {
  const std::vector<Record> records = fake_records(80);
  LoggedRun run(records, 3);
  std::atomic<int> left = 5;
  for (FakeEngine& engine : run.engines) {
    engine.on_batch = [&] {
      if (left.fetch_sub(1) <= 0) throw DeviceError("power");
    };
  }
  EXPECT_THROW(run.run(), DeviceError);
  EXPECT_THAT(run.messages, testing::Contains(HasSubstr("No device is left")));
}

TEST(Faults, ClassifyInPiecesWhereMemoryIsShort) {
  const std::vector<Record> records = fake_records(40);
  FakeRun run(records);
  run.plan.limits.orfs = 16;
  int calls = 0;
  run.engines[0].on_classify = [&] {
    if (++calls % 3 == 1) throw OutOfDeviceMemory("scores");
  };
  run.run();
  EXPECT_EQ(run.collected.lines, lines_without_faults(records));
}

}  // namespace
}  // namespace virnucpro
