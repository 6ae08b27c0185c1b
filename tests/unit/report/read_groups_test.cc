// The best alignment of each name, with the memory turned down until parts are split several times.
#include "report/read_groups.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

struct Named {
  std::string name;
  ReadAlignment alignment;
};

std::vector<Named> random_alignments(std::size_t count, std::size_t names) {
  std::mt19937 random(7);
  std::vector<Named> found;
  for (std::size_t i = 0; i < count; ++i) {
    Named next;
    next.name = "read" + std::to_string(random() % names);
    if (random() % 50 == 0) next.name.append(random() % 300, 'x');
    next.alignment.first = i;
    next.alignment.mapping_quality = static_cast<std::uint8_t>(random() % 3);
    next.alignment.identity = random() % 4;
    next.alignment.contig = static_cast<std::uint32_t>(i);
    next.alignment.call = random() % 2;
    found.push_back(next);
  }
  return found;
}

/// Plainly, in memory.
std::vector<Named> expected_of(const std::vector<Named>& all) {
  std::map<std::string, std::size_t> places;
  std::vector<Named> names;
  for (const Named& next : all) {
    const auto [place, is_new] = places.try_emplace(next.name, names.size());
    if (is_new) {
      names.push_back(next);
      continue;
    }
    ReadAlignment& best = names[place->second].alignment;
    const bool several = best.has_several_calls || best.call != next.alignment.call;
    const auto rank = [](const ReadAlignment& a) {
      return std::pair(a.mapping_quality, a.identity);
    };
    if (rank(next.alignment) > rank(best)) {
      const std::uint64_t first = best.first;
      best = next.alignment;
      best.first = first;
    }
    best.has_several_calls = several;
  }
  return names;
}

TEST(ReadGroups, AreTheSameForAnyMemory) {
  for (const std::size_t names : {std::size_t{5}, std::size_t{20'000}}) {
    const std::vector<Named> all = random_alignments(30'000, names);
    const std::vector<Named> expected = expected_of(all);
    for (const std::size_t memory : {std::size_t{1}, std::size_t{3'000}, std::size_t{64} << 20}) {
      TemporaryFolder folder;
      ReadGroups groups(folder.path(), memory);
      for (const Named& next : all) groups.add(next.name, next.alignment);
      std::size_t at = 0;
      groups.for_each([&](std::string_view name, const ReadAlignment& best) {
        ASSERT_LT(at, expected.size());
        EXPECT_EQ(name, expected[at].name);
        EXPECT_EQ(best.first, expected[at].alignment.first);
        EXPECT_EQ(best.contig, expected[at].alignment.contig) << name;
        EXPECT_EQ(best.has_several_calls, expected[at].alignment.has_several_calls) << name;
        ++at;
      });
      EXPECT_EQ(at, expected.size());
      EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << "its files have no names";
    }
  }
}

TEST(ReadGroups, OfNothingAreNone) {
  TemporaryFolder folder;
  ReadGroups groups(folder.path());
  groups.for_each([](std::string_view, const ReadAlignment&) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace virnucpro
