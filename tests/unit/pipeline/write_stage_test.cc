// The writer alone: windows come in any order, leave in input order, and reach the journal.
#include "pipeline/write_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "base/errors.h"
#include "unit/pipeline/fake_journal.h"
#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Computed windows of one record, six ORFs each, and a writer that takes them.
struct Writer {
  explicit Writer(std::size_t count) : windows(count) {
    std::vector<Record> records(count);
    for (std::size_t i = 0; i < count; ++i) {
      records[i].ordinal = i;
      records[i].bases = std::string(12, 'C');
    }
    WindowBuilder builder(stream_of(records), 30, {.orfs = 1});
    for (Window& window : windows) {
      EXPECT_TRUE(builder.fill(window));
      window.prepared.routes.assign(6, {});
      window.computed.scores.assign(12, 0.5f);
    }
    options.result_floats = 2;
    options.take = [this](const Window& window) { taken.push_back(window.number); };
  }
  void run() {
    stage.emplace(options, done, free, faults, progress);
    stage->run();
  }
  void finish(std::size_t window) { done.push({&windows[window], true, {}}); }

  std::vector<Window> windows;
  WriteStage::Options options;
  Faults faults{Log(), 100};
  BoundedQueue<Done> done{20};
  BoundedQueue<Window*> free{20};
  ProgressMeter progress{nullptr};
  std::vector<std::uint64_t> taken;
  std::optional<WriteStage> stage;
};

TEST(WriteStage, TakesWindowsInOrderAndGivesThemBackCleared) {
  Writer writer(4);
  for (const std::size_t window : {2u, 0u, 3u, 1u}) writer.finish(window);
  writer.done.close();
  writer.run();
  EXPECT_THAT(writer.taken, ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(writer.stage->written(), 4u);
  EXPECT_EQ(writer.stage->waiting(), 0u);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(writer.free.pop(), &writer.windows[i]);
    EXPECT_THAT(writer.windows[i].read.parts, IsEmpty());
  }
}

TEST(WriteStage, EndsWithoutWindowsWhoseTurnNeverCame) {
  Writer writer(3);
  writer.finish(0);
  writer.finish(2);
  writer.done.close();
  writer.run();
  EXPECT_THAT(writer.taken, ElementsAre(0));
  EXPECT_EQ(writer.stage->written(), 1u);
  EXPECT_EQ(writer.stage->waiting(), 1u);
}

TEST(WriteStage, TellsTheJournalBatchesAsTheyComeAndWindowsInOrder) {
  Writer writer(2);
  FakeJournal journal;
  writer.options.journal = &journal;
  writer.windows[1].prepared.lanes[EncoderKind::kEsm2].orfs = {1, 3, 5};
  const std::vector<std::uint32_t> members = {2, 0};
  writer.done.push(
      {&writer.windows[1], false, {&writer.windows[1], EncoderKind::kEsm2, members, 7}});
  writer.finish(1);
  writer.finish(0);
  writer.done.close();
  writer.run();
  EXPECT_THAT(journal.told, ElementsAre("batch of 1 esm2 5 1", "window 0", "window 1", "save 0"));
}

TEST(WriteStage, SavesWhenThatIsDueAlsoWhileNothingComes) {
  Writer writer(1);
  FakeJournal journal;
  journal.interval = std::chrono::milliseconds(1);
  int saves = 0;
  journal.on_save = [&] {
    if (++saves == 3) writer.done.close();
  };
  writer.options.journal = &journal;
  writer.run();
  EXPECT_EQ(saves, 4);  // and once at the end
}

TEST(WriteStage, LeavesNoWorkerWaitingAfterAnError) {
  Writer writer(2);
  writer.options.take = [](const Window&) { throw OutputError("full"); };
  writer.finish(0);
  EXPECT_THROW(writer.run(), OutputError);
  EXPECT_FALSE(writer.done.push({&writer.windows[1], true, {}}));
}

TEST(WindowFinisher, GivesRepeatsTheResultOfTheOrfTheyAreEqualTo) {
  Writer writer(2);
  Window& first = writer.windows[0];
  Window& second = writer.windows[1];
  first.computed.scores[2 * 4 + 1] = 0.75f;
  first.prepared.routes[4].to = 3;
  second.prepared.routes[2] = {.from = 3};
  WindowFinisher finisher(true, 2, {10, 1000}, writer.faults);
  finisher.finish(first);
  finisher.finish(second);
  EXPECT_EQ(second.computed.scores_of(2)[1], 0.75f);
  EXPECT_EQ(second.finished.same_as[2], 4u);
  EXPECT_EQ(second.finished.same_as[1], Window::kOwnResult);
}

TEST(WindowFinisher, GivesFailedOrfsAReasonThatNoOrderOfArrivalChanges) {
  for (const bool swapped : {false, true}) {
    Writer writer(1);
    Window& window = writer.windows[0];
    window.computed.settle({1, 0.0f, 0.0f, swapped ? "b" : "a"});
    window.computed.settle({1, 0.0f, 0.0f, swapped ? "a" : "b"});
    window.computed.settle({2, 0.25f, 0.75f, ""});
    WindowFinisher finisher(true, 2, {10, 1000}, writer.faults);
    finisher.finish(window);
    EXPECT_THAT(window.finished.failures, ElementsAre(testing::Pair(1, "a")));
    EXPECT_TRUE(std::isnan(window.computed.scores_of(1)[0]));
    EXPECT_EQ(window.computed.scores_of(2)[1], 0.75f);
    EXPECT_EQ(writer.faults.report().failed_frames, 6u);  // of one chunk, which gives no call
  }
}

TEST(WindowFinisher, PassesAFailureOnToRepeatsOfTheOrf) {
  Writer writer(2);
  writer.windows[0].computed.settle({0, 0.0f, 0.0f, "NaN"});
  writer.windows[0].prepared.routes[0].to = 1;
  writer.windows[1].prepared.routes[5] = {.from = 1};
  WindowFinisher finisher(true, 2, {10, 1000}, writer.faults);
  for (Window& window : writer.windows) finisher.finish(window);
  EXPECT_THAT(writer.windows[1].finished.failures, ElementsAre(testing::Pair(5, "NaN")));
}

}  // namespace
}  // namespace virnucpro
