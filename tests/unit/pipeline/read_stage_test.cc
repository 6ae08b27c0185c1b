// The reader alone between its two queues.
#include "pipeline/read_stage.h"

#include <gtest/gtest.h>

#include "base/errors.h"
#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

/// Room for all windows of a test, so that run() can be called by the test's own thread.
struct Reader {
  explicit Reader(RecordStream records, std::size_t free_windows = 20)
      : windows(free_windows),
        stage(std::move(records), 30, {.orfs = 1}, {}, free, filled, progress) {
    for (Window& window : windows) free.push(&window);
  }
  std::vector<Window> windows;
  BoundedQueue<Window*> free{20};
  BoundedQueue<Window*> filled{20};
  ProgressMeter progress{nullptr};
  ReadStage stage;
};

std::vector<Record> open_records(std::size_t count) {
  std::vector<Record> records(count);
  for (std::size_t i = 0; i < count; ++i) {
    records[i].ordinal = i;
    records[i].bases = std::string(30, 'C');
  }
  return records;
}

TEST(ReadStage, FillsWindowsInOrderAndTellsTheEnd) {
  const std::vector<Record> records = open_records(7);
  Reader reader(stream_of(records));
  reader.stage.run();
  for (std::uint64_t number = 0; number < 7; ++number) {
    const std::optional<Window*> window = reader.filled.pop();
    ASSERT_TRUE(window);
    EXPECT_EQ((*window)->number, number);
    EXPECT_EQ((*window)->read.first_orf, 6 * number);
    EXPECT_EQ((*window)->read.orfs.size(), 6u);
  }
  EXPECT_EQ(reader.filled.pop(), std::nullopt);
  EXPECT_EQ(reader.stage.intake().records, 7u);
  EXPECT_EQ(reader.stage.intake().bases, 210u);
  EXPECT_GT(reader.stage.seconds(), 0.0);
}

TEST(ReadStage, TellsTheEndOfAnInputWithoutRecords) {
  const std::vector<Record> records;
  Reader reader(stream_of(records));
  reader.stage.run();
  EXPECT_EQ(reader.filled.pop(), std::nullopt);
}

TEST(ReadStage, EndsWhenTheRunIsCancelled) {
  const std::vector<Record> records = open_records(7);
  Reader reader(stream_of(records));
  reader.filled.cancel();
  reader.stage.run();
  EXPECT_EQ(reader.stage.intake().records, 1u);  // it had begun
  reader.free.cancel();
  reader.stage.run();
  EXPECT_EQ(reader.stage.intake().records, 1u);
}

TEST(ReadStage, PassesOnErrorsOfTheInputAndTellsNoEnd) {
  Reader reader([](Record&) -> bool { throw InputError("damaged"); });
  EXPECT_THROW(reader.stage.run(), InputError);
  EXPECT_FALSE(reader.filled.wait_until(std::chrono::steady_clock::now()));
}

}  // namespace
}  // namespace virnucpro
