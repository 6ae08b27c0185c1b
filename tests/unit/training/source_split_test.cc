// The split by source, and how much frames count.
#include "training/source_split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "training/balance.h"
#include "unit/training/toy_frames.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::set<std::uint32_t> sources_of(const FrameSet& frames, const std::vector<std::size_t>& part) {
  std::set<std::uint32_t> sources;
  for (const std::size_t frame : part) sources.insert(frames.truth[frame].source);
  return sources;
}

TEST(Split, NeverSharesASourceAndTakesOfEveryGroup) {
  const FrameSet frames = test::toy_frames({.sources = 41});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const FrameSplit split = split_by_source(frames.truth, 0.2, seed);
    const auto training = sources_of(frames, split.training);
    const auto validation = sources_of(frames, split.validation);
    for (const std::uint32_t source : validation) EXPECT_FALSE(training.contains(source));
    EXPECT_EQ(training.size() + validation.size(), 41u);
    EXPECT_EQ(split.training_sources, training.size());
    EXPECT_EQ(split.validation_sources, validation.size());
    EXPECT_EQ(split.training.size() + split.validation.size(), frames.size());
    std::map<std::uint32_t, int> held_out;
    for (const std::uint32_t source : validation) ++held_out[source % 5];
    for (std::uint32_t group = 0; group < 5; ++group) EXPECT_EQ(held_out[group], 2);
  }
  EXPECT_NE(split_by_source(frames.truth, 0.2, 1).validation,
            split_by_source(frames.truth, 0.2, 2).validation);
  EXPECT_EQ(split_by_source(frames.truth, 0.2, 1).validation,
            split_by_source(frames.truth, 0.2, 1).validation);
}

TEST(Split, AGroupOfOneSourceIsTrainingAndSmallSharesTakeOne) {
  // Groups 0 to 2 have one source each, group 3 has two.
  const std::vector<FrameTruth> truth = {
      {0, 0, 0, true}, {1, 1, 1, true}, {2, 2, 2, false}, {3, 3, 3, false}, {4, 3, 4, false}};
  const FrameSplit split = split_by_source(truth, 0.01, 1);
  EXPECT_THAT(split.undivided_groups, ElementsAre(0, 1, 2));
  EXPECT_EQ(split.validation.size(), 1u);
  EXPECT_GE(split.validation[0], 3u);
  EXPECT_EQ(split_by_source(truth, 0.99, 1).validation.size(), 1u) << "never all of a group";
  EXPECT_THAT(split_by_source(truth, 0.0, 1).validation, IsEmpty());
}

TEST(Balance, GivesEachClassHalfAndEachGroupItsPart) {
  const std::vector<FrameTruth> truth = {{0, 0, 0, true},  {1, 1, 1, true}, {2, 1, 1, true},
                                         {3, 2, 2, false}, {4, 1, 1, true}, {5, 2, 3, false},
                                         {6, 3, 4, false}, {7, 9, 9, false}};
  const std::vector<std::size_t> frames = {0, 1, 2, 3, 4, 5, 6};  // 4 viruses, 3 others
  const float n = 7.0f;
  EXPECT_THAT(balance_weights(truth, frames, Balance::kNone), testing::Each(1.0f));
  EXPECT_THAT(balance_weights(truth, frames, Balance::kClasses),
              ElementsAre(n / 8, n / 8, n / 8, n / 6, n / 8, n / 6, n / 6));
  EXPECT_THAT(balance_weights(truth, frames, Balance::kGroups),
              ElementsAre(n / 4, n / 12, n / 12, n / 8, n / 12, n / 8, n / 4));
}

}  // namespace
}  // namespace virnucpro
