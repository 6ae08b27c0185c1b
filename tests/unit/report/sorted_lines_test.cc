// Sorting beyond the memory allowed gives what sorting in memory gives.
#include "report/sorted_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/errors.h"
#include "unit/report/file_size_limit.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

std::vector<std::string> collect(SortedLines& sorted) {
  std::vector<std::string> lines;
  sorted.for_each([&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

TEST(SortedLines, SortsBytesAndNotLetters) {
  TemporaryFolder folder;
  SortedLines sorted(folder.path());
  for (const char* line : {"b", "a10", "", "a2", "B", "\xc3\xa9", "a"}) sorted.add(line);
  EXPECT_THAT(collect(sorted), testing::ElementsAre("", "B", "a", "a10", "a2", "b", "\xc3\xa9"));
}

TEST(SortedLines, HandlesNothing) {
  TemporaryFolder folder;
  SortedLines sorted(folder.path());
  EXPECT_TRUE(collect(sorted).empty());
}

TEST(SortedLines, MergesRunsOnTheDiskAndLeavesNothingBehind) {
  TemporaryFolder folder;
  std::mt19937 random(5);
  for (const std::size_t memory : {1u, 100u, 5000u, 60'000u}) {
    SortedLines sorted(folder.path(), memory);
    std::vector<std::string> expected;
    for (int i = 0; i < 3000; ++i) {
      const std::string line = "contig_" + std::to_string(random() % 2000) + "\tTrue";
      expected.push_back(line);
      sorted.add(line);
    }
    EXPECT_GT(sorted.runs_on_disk(), 0u);
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(collect(sorted), expected) << memory;
  }
  EXPECT_TRUE(folder.names().empty());
}

TEST(SortedLines, ReadsLinesLongerThanItsBuffers) {
  TemporaryFolder folder;
  SortedLines sorted(folder.path(), 1000);
  sorted.add(std::string(700'000, 'b'));
  sorted.add("c");
  sorted.add(std::string(700'000, 'a'));
  EXPECT_THAT(collect(sorted),
              testing::ElementsAre(std::string(700'000, 'a'), std::string(700'000, 'b'), "c"));
}

TEST(SortedLines, ReportsAFullDisk) {
  TemporaryFolder folder;
  SortedLines sorted(folder.path(), 1000);
  const FileSizeLimit limit(5000);
  EXPECT_THROW(for (int i = 0; i < 1000; ++i) sorted.add("some line of text"), OutputError);
}

}  // namespace
}  // namespace virnucpro
