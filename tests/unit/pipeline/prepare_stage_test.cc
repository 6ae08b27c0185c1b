// Computes of a window all that is neither repeated nor kept, in both lanes.
#include "pipeline/prepare_stage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "base/errors.h"
#include "unit/pipeline/fake_journal.h"
#include "unit/pipeline/fake_run.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;

struct Preparer {
  /// Windows of one record each, whose bases are given.
  explicit Preparer(const std::vector<std::string>& bases, std::size_t most_orfs = 1)
      : windows(bases.size()) {
    std::vector<Record> records(bases.size());
    for (std::size_t i = 0; i < records.size(); ++i) {
      records[i].ordinal = i;
      records[i].bases = bases[i];
    }
    WindowBuilder builder(stream_of(records), 30, {.orfs = most_orfs});
    for (Window& window : windows) {
      EXPECT_TRUE(builder.fill(window));
      filled.push(&window);
    }
    filled.close();
    const Tokenize letters = [](std::string_view text, std::vector<std::int32_t>& ids) {
      for (const char letter : text) ids.push_back(letter - 'A');
    };
    options.tokenize = {{letters, letters}};
    options.layout = {{{kFakeDnaWidth, kFakeProteinWidth}}};
    options.repeats = {1000, 100'000};
  }
  PrepareStage::Counts run() {
    PrepareStage stage(options, faults, filled, tasks, progress);
    stage.run();
    return stage.counts();
  }
  const Window::Lane& lane(std::size_t window, EncoderKind kind) const {
    return windows[window].prepared.lanes[kind];
  }

  std::vector<Window> windows;
  PrepareStage::Options options;
  Faults faults{Log(), /*batch_tokens=*/24};
  BoundedQueue<Window*> filled{20};
  TaskQueue<BatchTask> tasks{1000};
  ProgressMeter progress{nullptr};
};

constexpr EncoderKind kDna = EncoderKind::kDnabertS;
constexpr EncoderKind kProtein = EncoderKind::kEsm2;

TEST(PrepareStage, PlansBothLanesOfAWindow) {
  Preparer preparer({std::string(13, 'C')});  // frames of 4, 4 and 3 codons on each strand
  preparer.options.repeats = {};
  const PrepareStage::Counts counts = preparer.run();
  EXPECT_EQ(counts.windows, 1u);
  EXPECT_EQ(counts.orfs_computed, 6u);
  const Window::Read& read = preparer.windows[0].read;
  EXPECT_EQ(counts.encoders[kDna].tokens, read.texts[kDna].size());
  EXPECT_EQ(counts.encoders[kProtein].tokens, 22u);
  EXPECT_THAT(preparer.lane(0, kDna).orfs, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(preparer.lane(0, kProtein).orfs, ElementsAre(0, 1, 2, 3, 4, 5));
  EXPECT_THAT(preparer.lane(0, kDna).tokens.sequence(5), SizeIs(read.text_of(kDna, 5).size()));
  EXPECT_THAT(preparer.lane(0, kProtein).tokens.sequence(5), SizeIs(3));
  EXPECT_THAT(preparer.windows[0].computed.features,
              SizeIs(6 * (kFakeDnaWidth + kFakeProteinWidth)));
}

TEST(PrepareStage, PushesEveryBatchOnceWithItsNumberAndThenTheEnd) {
  Preparer preparer({std::string(13, 'C'), std::string(12, 'A'), ""});
  const PrepareStage::Counts counts = preparer.run();
  std::uint64_t number = 0;
  std::map<const Window*, std::size_t> members;
  std::map<const Window*, std::size_t> tasks;
  while (const std::optional<BatchTask> task = preparer.tasks.pop()) {
    preparer.tasks.finish();
    ++tasks[task->window];
    if (task->is_computed) continue;
    EXPECT_EQ(task->number, number++);
    members[task->window] += task->members.size();
  }
  EXPECT_EQ(number, counts.batches);
  EXPECT_GT(number, 4u);
  for (std::size_t i = 0; i < 2; ++i) {
    const Window& window = preparer.windows[i];
    EXPECT_EQ(tasks[&window], window.computed.batches_left.load());
    EXPECT_EQ(members[&window],
              preparer.lane(i, kDna).orfs.size() + preparer.lane(i, kProtein).orfs.size());
  }
  // A window without ORFs still gets one task, for its scores.
  EXPECT_EQ(tasks[&preparer.windows[2]], 1u);
  EXPECT_EQ(members[&preparer.windows[2]], 0u);
}

TEST(PrepareStage, LeavesOutWhatIsEqualToAnEarlierOrf) {
  Preparer preparer({std::string(12, 'C'), std::string(12, 'C')});
  const PrepareStage::Counts counts = preparer.run();
  EXPECT_THAT(preparer.lane(1, kDna).orfs, IsEmpty());
  EXPECT_THAT(preparer.lane(1, kProtein).orfs, IsEmpty());
  EXPECT_FALSE(preparer.windows[1].prepared.needs_scores);
  EXPECT_TRUE(preparer.windows[1].prepared.routes[0].is_repeat());
  EXPECT_EQ(counts.orfs_computed + counts.orfs_repeated, 12u);
  EXPECT_GE(counts.orfs_repeated, 6u);
}

TEST(PrepareStage, LeavesOutWhatTheJournalKept) {
  Preparer preparer({std::string(13, 'C')});
  preparer.options.repeats = {};
  FakeJournal journal;
  journal.on_recall = [](Window& window) {
    EXPECT_THAT(window.computed.features, SizeIs(6 * (kFakeDnaWidth + kFakeProteinWidth)));
    window.prepared.kept.assign(6, {});
    window.prepared.kept[0].result = true;
    window.prepared.kept[1].embeddings[kDna] = true;
    window.prepared.kept[2].embeddings[kProtein] = true;
    window.prepared.kept[3].embeddings = {{true, true}};
  };
  preparer.options.journal = &journal;
  const PrepareStage::Counts counts = preparer.run();
  EXPECT_THAT(preparer.lane(0, kDna).orfs, ElementsAre(2, 4, 5));
  EXPECT_THAT(preparer.lane(0, kProtein).orfs, ElementsAre(1, 4, 5));
  EXPECT_TRUE(preparer.windows[0].prepared.needs_scores);
  EXPECT_EQ(counts.orfs_recalled, 1u);
  EXPECT_EQ(counts.orfs_computed, 5u);
}

TEST(PrepareStage, MakesTheSameTokensOnSeveralThreads) {
  std::string bases;  // no T: all frames of one strand are open
  for (std::size_t i = 0; i < 30 * 100; ++i) bases += "ACG"[(i * i / 7 + i) % 3];
  std::vector<std::unique_ptr<Preparer>> preparers;
  for (const std::size_t threads : {1u, 3u}) {
    preparers.push_back(std::make_unique<Preparer>(std::vector<std::string>{bases}, 1000));
    preparers.back()->options.threads = threads;
    preparers.back()->options.repeats = {};
    preparers.back()->run();
  }
  for (const EncoderKind kind : kEncoderKinds) {
    const TokenTable& one = preparers[0]->lane(0, kind).tokens;
    const TokenTable& three = preparers[1]->lane(0, kind).tokens;
    ASSERT_GT(one.size(), 100u);  // more than a piece
    ASSERT_EQ(three.size(), one.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      EXPECT_THAT(three.sequence(i), ElementsAreArray(one.sequence(i))) << i;
    }
  }
}

TEST(PrepareStage, EndsWhenTheRunIsCancelled) {
  Preparer preparer({std::string(12, 'C'), std::string(12, 'A')});
  preparer.tasks.cancel();
  EXPECT_EQ(preparer.run().windows, 1u);
}

TEST(PrepareStage, PassesOnErrorsOfATokenizer) {
  Preparer preparer({std::string(12, 'C')});
  preparer.options.tokenize[kProtein] = [](std::string_view, std::vector<std::int32_t>&) {
    throw InputError("no such letter");
  };
  EXPECT_THROW(preparer.run(), InputError);
}

}  // namespace
}  // namespace virnucpro
