// Records by their ids in a list with commas.
#include "figures/record_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"

namespace virnucpro {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

RecordNames among(const std::string& list, const std::vector<std::string>& ids) {
  RecordNames names(list);
  for (std::size_t i = 0; i < ids.size(); ++i) names.offer(ids[i], i + 1);
  return names;
}

TEST(RecordNames, ComeInTheOrderOfTheList) {
  EXPECT_THAT(among("c,a", {"a", "b", "c"}).chosen("t"), ElementsAre(3, 1));
  EXPECT_THAT(among("a,a", {"a", "b"}).chosen("t"), ElementsAre(1)) << "each once";
  EXPECT_THAT(among("a", {"a", "b", "a"}).chosen("t"), ElementsAre(1, 3)) << "a shared id";
}

TEST(RecordNames, MayHaveCommas) {
  EXPECT_THAT(among("a,b,c", {"a,b", "c", "a"}).chosen("t"), ElementsAre(1, 2)) << "the longest";
  EXPECT_THAT(among("a,b,c", {"a", "b", "c"}).chosen("t"), ElementsAre(1, 2, 3));
  EXPECT_THAT(among(",", {","}).chosen("t"), ElementsAre(1));
}

TEST(RecordNames, AreComparedAsTablesWriteThem) {
  EXPECT_THAT(among("a\tb", {"a\\x09b"}).chosen("t"), ElementsAre(1));
  EXPECT_THAT(among("a\\x09b", {"a\\x09b"}).chosen("t"), ElementsAre(1));
}

TEST(RecordNames, ThatNoTableHasAreErrors) {
  try {
    static_cast<void>(among("a,x", {"a"}).chosen("contigs.tsv"));
    FAIL();
  } catch (const InputError& error) {
    EXPECT_STREQ(error.what(),
                 "contigs.tsv: has no record 'x' (--record). Its first column has the ids.");
  }
}

}  // namespace
}  // namespace virnucpro
