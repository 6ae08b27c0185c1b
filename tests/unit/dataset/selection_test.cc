// The split of species and the balance of what is taken.
#include "dataset/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

namespace virnucpro {
namespace {

using testing::ElementsAre;

std::vector<SplitSpecies> species_of(std::vector<std::size_t> counts) {
  std::vector<SplitSpecies> species;
  for (std::size_t group = 0; group < counts.size(); ++group) {
    for (std::size_t i = 0; i < counts[group]; ++i) {
      species.push_back({"g" + std::to_string(group) + "s" + std::to_string(i),
                         static_cast<std::uint32_t>(group)});
    }
  }
  return species;
}

/// Trained, validated and tested on.
std::vector<std::size_t> counts_of(std::size_t species, SplitShares shares,
                                   std::uint64_t seed = 1) {
  std::vector<std::size_t> counts(kSplits);
  for (const Split split : split_species(species_of({species}), shares, seed)) {
    ++counts[static_cast<std::size_t>(split)];
  }
  return counts;
}

TEST(SplitSpecies, GivesEachSplitItsShareOfEachGroupAndKeepsOneToTrainOn) {
  EXPECT_THAT(counts_of(100, {0.1, 0.2}), ElementsAre(70, 10, 20));
  EXPECT_THAT(counts_of(10, {0.1, 0.1}), ElementsAre(8, 1, 1));
  EXPECT_THAT(counts_of(3, {0.1, 0.1}), ElementsAre(1, 1, 1));
  EXPECT_THAT(counts_of(2, {0.1, 0.1}), ElementsAre(1, 0, 1));
  EXPECT_THAT(counts_of(2, {0.1, 0.0}), ElementsAre(1, 1, 0));
  EXPECT_THAT(counts_of(1, {0.4, 0.4}), ElementsAre(1, 0, 0));
  EXPECT_THAT(counts_of(4, {0.45, 0.45}), ElementsAre(1, 1, 2));
  EXPECT_THAT(counts_of(20, {0.0, 0.0}), ElementsAre(20, 0, 0));
  EXPECT_TRUE(split_species({}, {}, 1).empty());
}

TEST(SplitSpecies, DependsOnNamesAndSeedAndNotOnTheOrder) {
  const SplitShares shares{0.2, 0.2};
  std::vector<SplitSpecies> species = species_of({20, 30});
  const auto tests = [&](std::uint64_t seed) {
    std::set<std::string> names;
    const std::vector<Split> splits = split_species(species, shares, seed);
    for (std::size_t i = 0; i < species.size(); ++i) {
      if (splits[i] == Split::kTest) names.insert(species[i].name);
    }
    return names;
  };
  const std::set<std::string> first = tests(1);
  EXPECT_EQ(first.size(), 10U);
  EXPECT_NE(tests(2), first);
  std::reverse(species.begin(), species.end());
  EXPECT_EQ(tests(1), first);
}

TEST(EqualShares, GivesWhatSmallBinsLackToTheOthers) {
  const std::vector<std::uint64_t> sizes = {100, 3, 50, 0};
  EXPECT_THAT(equal_shares(sizes, 43), ElementsAre(20, 3, 20, 0));
  EXPECT_THAT(equal_shares(sizes, 44), ElementsAre(21, 3, 20, 0));
  EXPECT_THAT(equal_shares(sizes, 120), ElementsAre(67, 3, 50, 0));
  EXPECT_THAT(equal_shares(sizes, 1000), ElementsAre(100, 3, 50, 0));
  EXPECT_THAT(equal_shares(sizes, 0), ElementsAre(0, 0, 0, 0));
  EXPECT_TRUE(equal_shares({}, 5).empty());
}

/// Records and candidates, one source to a record.
class Selections : public testing::Test {
 protected:
  std::uint32_t add(bool is_virus, std::uint32_t group, Split split, std::uint64_t fragments) {
    const auto number = static_cast<std::uint32_t>(records_.size());
    records_.push_back({{is_virus, group, number, number}, split});
    for (std::uint32_t i = 0; i < fragments; ++i) {
      candidates_.push_back({++last_hash_, number, i, {}});
    }
    return number;
  }

  Selection select(std::optional<std::uint64_t> fragments = {}, std::uint64_t seed = 1) const {
    return select_fragments(candidates_, records_, {fragments, {0.1, 0.1}, seed});
  }
  std::map<std::uint32_t, std::uint64_t> by_record(const Selection& selection) const {
    std::map<std::uint32_t, std::uint64_t> counts;
    for (const std::size_t index : selection.taken) ++counts[candidates_[index].record];
    return counts;
  }

  std::vector<LabelledRecord> records_;
  std::vector<Candidate> candidates_;
  std::uint64_t last_hash_ = 0;
};

TEST_F(Selections, KeepGroupsAndSourcesEqualByDefault) {
  add(true, 0, Split::kTrain, 500);
  add(true, 0, Split::kTrain, 10);  // of the same group
  add(true, 1, Split::kTrain, 70);
  add(false, 2, Split::kTrain, 40);
  add(false, 3, Split::kTrain, 90);
  add(false, 4, Split::kTrain, 60);
  // Others could give 3 x 40, viruses 2 x 70.
  const Selection selection = select();
  EXPECT_EQ(selection.splits[0].per_class, 120U);
  EXPECT_THAT(by_record(selection),
              ElementsAre(std::pair(0U, 50U), std::pair(1U, 10U), std::pair(2U, 60U),
                          std::pair(3U, 40U), std::pair(4U, 40U), std::pair(5U, 40U)));
  ASSERT_EQ(selection.splits[0].groups.size(), 5U);
  EXPECT_EQ(selection.splits[0].groups[0].available, 510U);
  EXPECT_EQ(selection.splits[0].groups[0].taken, 60U);
  EXPECT_TRUE(std::is_sorted(selection.taken.begin(), selection.taken.end()));
}

TEST_F(Selections, GiveWhatIsAskedForAsFarAsTheSmallerClassReaches) {
  add(true, 0, Split::kTrain, 500);
  add(true, 1, Split::kTrain, 20);
  add(false, 2, Split::kTrain, 300);
  add(true, 0, Split::kTest, 100);
  add(false, 2, Split::kTest, 5);
  const Selection some = select(100);
  EXPECT_EQ(some.splits[0].per_class, 80U);  // the shares of validation and test are 10 each
  EXPECT_EQ(some.splits[0].groups[1].taken, 20U);
  EXPECT_EQ(some.splits[0].groups[0].taken, 60U);
  EXPECT_EQ(some.splits[1].per_class, 0U);
  EXPECT_EQ(some.splits[2].asked, 10U);
  EXPECT_EQ(some.splits[2].per_class, 5U);
  EXPECT_EQ(select(100'000).splits[0].per_class, 300U);
}

TEST_F(Selections, TakeTheSameForASeedWhateverTheOrderOfTheInput) {
  add(true, 0, Split::kTrain, 300);
  add(false, 1, Split::kTrain, 30);
  const auto hashes = [this](std::uint64_t seed) {
    std::set<std::uint64_t> found;
    for (const std::size_t index : select({}, seed).taken) found.insert(candidates_[index].hash);
    return found;
  };
  const std::set<std::uint64_t> first = hashes(1);
  EXPECT_EQ(first.size(), 60U);
  EXPECT_EQ(hashes(1), first);
  EXPECT_NE(hashes(2), first);
  std::reverse(candidates_.begin(), candidates_.end());
  EXPECT_EQ(hashes(1), first);
}

TEST_F(Selections, KeepEqualBasesInTheEarliestSplitOnly) {
  const std::uint32_t test = add(true, 0, Split::kTest, 50);
  const std::uint32_t train = add(true, 0, Split::kTrain, 50);
  const std::uint32_t more = add(false, 1, Split::kTrain, 50);
  add(false, 1, Split::kTest, 50);
  for (Candidate& candidate : candidates_) {
    // Ten of test as in train, five of others as in the viruses, all in train.
    if (candidate.record == test && candidate.chunk < 10) candidate.hash = 1000 + candidate.chunk;
    if (candidate.record == train && candidate.chunk < 15) candidate.hash = 1000 + candidate.chunk;
    if (candidate.record == more && candidate.chunk < 5) candidate.hash = 1010 + candidate.chunk;
  }
  const Selection selection = select();
  EXPECT_EQ(selection.leaks, 10U);
  EXPECT_EQ(selection.repeats, 5U);
  EXPECT_EQ(selection.splits[0].per_class, 45U);
  EXPECT_EQ(selection.splits[2].per_class, 40U);
  std::set<std::uint64_t> seen;
  for (const std::size_t index : selection.taken) {
    EXPECT_TRUE(seen.insert(candidates_[index].hash).second);
    EXPECT_TRUE(candidates_[index].record != test || candidates_[index].chunk >= 10);
  }
}

TEST_F(Selections, OfOneClassAloneAreEmpty) {
  add(true, 0, Split::kTrain, 50);
  EXPECT_TRUE(select().taken.empty());
  EXPECT_TRUE(select(10).taken.empty());
  candidates_.clear();
  records_.clear();
  EXPECT_TRUE(select().taken.empty());
}

}  // namespace
}  // namespace virnucpro
