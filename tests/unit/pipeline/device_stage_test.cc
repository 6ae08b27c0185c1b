// The workers alone: tasks come in, finished windows go out, even when devices fail.
#include "pipeline/device_stage.h"

#include <gtest/gtest.h>

#include <thread>

#include "base/errors.h"
#include "pipeline/prepare_stage.h"
#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

/// One prepared window, its tasks in the queue, and workers on it.
struct Workshop {
  explicit Workshop(std::size_t engine_count) : engines(engine_count) {
    records[0].bases = std::string(13, 'C');
    WindowBuilder builder(stream_of(records), 30, {});
    EXPECT_TRUE(builder.fill(window));
    filled.push(&window);
    filled.close();
    const Tokenize letters = [](std::string_view text, std::vector<std::int32_t>& ids) {
      for (const char letter : text) ids.push_back(letter - 'A');
    };
    const FeatureLayout layout = {{{kFakeDnaWidth, kFakeProteinWidth}}};
    PrepareStage(
        {.tokenize = {{letters, letters}}, .layout = layout, .most_orfs = 6, .repeats = {}}, faults,
        filled, tasks, progress)
        .run();
    for (std::size_t i = 0; i < engines.size(); ++i) {
      engines[i].device += ":" + std::to_string(i);
      options.engines.push_back(&engines[i]);
    }
    options.layout = layout;
    options.clock = [] { return 0.0; };
  }

  /// Runs all workers side by side; the error of each, empty where there was none.
  std::vector<std::string> run() {
    stage.emplace(options, tasks, done, faults, progress);
    std::vector<std::string> errors(engines.size());
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < engines.size(); ++i) {
      threads.emplace_back([&, i] {
        try {
          stage->run(i);
        } catch (const std::exception& error) {
          errors[i] = error.what();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    return errors;
  }

  std::vector<Record> records{1};
  std::vector<FakeEngine> engines;
  Window window;
  DeviceStage::Options options;
  Faults faults{Log(), /*batch_tokens=*/12};  // an ORF's DNA a batch
  BoundedQueue<Window*> filled{1};
  TaskQueue<BatchTask> tasks{100};
  BoundedQueue<Done> done{100};
  ProgressMeter progress{nullptr};
  std::optional<DeviceStage> stage;
};

TEST(DeviceStage, HandsOnAWindowOnceWithAllItsScores) {
  for (const std::size_t engines : {1u, 3u}) {
    Workshop workshop(engines);
    const std::uint64_t batches = workshop.window.prepared.batches();
    EXPECT_EQ(workshop.run(), std::vector<std::string>(engines));
    const std::optional<Done> done = workshop.done.pop();
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->is_whole);
    EXPECT_EQ(done->window, &workshop.window);
    EXPECT_FALSE(workshop.done.pop());  // and the last worker closed the queue
    ASSERT_EQ(workshop.window.computed.scores.size(), 12u);
    for (std::size_t orf = 0; orf < 6; ++orf)
      EXPECT_NE(workshop.window.computed.scores[2 * orf + 1], 0.0f);
    std::uint64_t computed = 0;
    for (const DeviceWork& device : workshop.stage->devices()) computed += device.batches;
    EXPECT_EQ(computed, batches);
  }
}

TEST(DeviceStage, TellsEveryBatchBeforeItsWindowWhereAsked) {
  Workshop workshop(2);
  workshop.options.tells_batches = true;
  workshop.options.classify = false;
  std::uint64_t left = workshop.window.prepared.batches();
  workshop.run();
  while (const std::optional<Done> done = workshop.done.pop()) {
    EXPECT_EQ(done->is_whole, left == 0);
    if (!done->is_whole) --left;
  }
  EXPECT_EQ(left, 0u);
  EXPECT_TRUE(workshop.window.computed.scores.empty());
}

TEST(DeviceStage, GivesTheTasksOfALostDeviceToTheOthers) {
  Workshop workshop(2);
  workshop.engines[0].on_batch = [] { throw DeviceError("gone"); };
  EXPECT_EQ(workshop.run(), std::vector<std::string>(2));
  EXPECT_TRUE(workshop.done.pop());
  EXPECT_FALSE(workshop.done.pop());
  EXPECT_EQ(workshop.stage->devices()[0].batches, 0u);
}

TEST(DeviceStage, EndsWithTheErrorOfTheLastDevice) {
  Workshop workshop(1);
  workshop.engines[0].on_batch = [] { throw DeviceError("gone"); };
  EXPECT_EQ(workshop.run(), std::vector<std::string>{"gone"});
  EXPECT_FALSE(workshop.done.pop());
  EXPECT_EQ(workshop.faults.report().lost_devices, std::vector<std::string>{"device:0"});
}

TEST(DeviceStage, SaysOfAStoppedBackendWhatTheRunSays) {
  Workshop workshop(1);
  workshop.engines[0].on_batch = [] { throw Interrupted("in the middle of a batch"); };
  EXPECT_EQ(workshop.run(), std::vector<std::string>{kStoppedOnRequest});
}

TEST(DeviceStage, EndsWithoutAnErrorWhenTheWriterIsGone) {
  Workshop workshop(2);
  workshop.options.tells_batches = true;
  workshop.done.cancel();
  EXPECT_EQ(workshop.run(), std::vector<std::string>(2));
}

}  // namespace
}  // namespace virnucpro
