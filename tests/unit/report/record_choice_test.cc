// Which records --write takes, and that mates stay together.
#include "report/record_choice.h"

#include <gtest/gtest.h>

#include <string>

namespace virnucpro {
namespace {

/// a: viral. b: others. c: no call. p: a viral mate and one without a call. q: others and no call.
RecordChoice choice_of(WhichRecords which) {
  RecordChoice choice(which);
  choice.add("a", true, true);
  choice.add("b", false, true);
  choice.add("c", false, false);
  choice.add("p/1", true, true);
  choice.add("p/2", false, false);
  choice.add("q/1", false, false);
  choice.add("q/2", false, true);
  choice.finish();
  return choice;
}

std::string taken(WhichRecords which) {
  const RecordChoice choice = choice_of(which);
  const char* names[] = {"a", "b", "c", "p/1", "p/2", "q/1", "q/2"};
  std::string text;
  for (std::uint64_t i = 0; i < std::size(names); ++i) {
    if (choice.takes(i, names[i], false)) text += std::string(names[i]) + " ";
  }
  return text;
}

TEST(RecordChoice, KeepsPairsTogether) {
  EXPECT_EQ(taken(WhichRecords::kViral), "a p/1 p/2 ");
  EXPECT_EQ(taken(WhichRecords::kOthers), "b q/1 q/2 ");
  EXPECT_EQ(taken(WhichRecords::kAllButViral), "b c q/1 q/2 ");
}

TEST(RecordChoice, TakesRecordsOfOneTemplateByName) {
  const RecordChoice choice = choice_of(WhichRecords::kViral);
  EXPECT_TRUE(choice.takes(4, "p", true));
  EXPECT_TRUE(choice.takes_name("a"));
  EXPECT_FALSE(choice.takes_name("q"));
  EXPECT_FALSE(choice.takes_name("unknown"));
  // Two contigs may share a name: each has its own call.
  RecordChoice contigs(WhichRecords::kViral);
  contigs.add("same", true, true);
  contigs.add("same", false, true);
  contigs.finish();
  EXPECT_TRUE(contigs.takes(0, "same", false));
  EXPECT_FALSE(contigs.takes(1, "same", false));
}

TEST(RecordChoice, NamesItself) {
  EXPECT_EQ(name_of(WhichRecords::kViral), "viral");
  EXPECT_EQ(name_of(WhichRecords::kOthers), "others");
  EXPECT_EQ(name_of(WhichRecords::kAllButViral), "all-but-viral");
  EXPECT_EQ(template_name("a/1"), "a");
  EXPECT_EQ(template_name("a/3"), "a/3");
}

}  // namespace
}  // namespace virnucpro
