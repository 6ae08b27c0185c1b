// Numbers of things, and names of things, in messages.
#include "base/counted.h"

#include <gtest/gtest.h>

#include <string>

#include "base/escape.h"

namespace virnucpro {
namespace {

TEST(Counted, HasOneFormForOneAndAnotherForAllOtherNumbers) {
  EXPECT_EQ(counted(0, "shard"), "0 shards");
  EXPECT_EQ(counted(1, "shard"), "1 shard");
  EXPECT_EQ(counted(2, "shard"), "2 shards");
  EXPECT_EQ(counted(1, "record has", "records have"), "1 record has");
  EXPECT_EQ(counted(21, "record has", "records have"), "21 records have");
}

TEST(ShownId, IsWholeUpToItsLimitAndCutBetweenLetters) {
  const std::string longest(kShownIdBytes, 'x');
  EXPECT_EQ(shown_id(longest), longest);
  EXPECT_EQ(shown_id(longest + "x"), longest + "...");
  const std::string before(kShownIdBytes - 1, 'x');
  EXPECT_EQ(shown_id(before + "\xc3\xa9"), before + "...") << "an e with an accent has two bytes";
}

TEST(ShownId, HidesWhatATerminalWouldObey) {
  EXPECT_EQ(shown_id("a\x1b[2J\tb\x7f"), "a?[2J?b?");
  EXPECT_EQ(shown_id("a\xff\xc3"), "a??") << "no UTF-8";
  EXPECT_EQ(shown_id("\xc3\xa9"), "\xc3\xa9");
  EXPECT_EQ(shown_id(""), "");
}

}  // namespace
}  // namespace virnucpro
