// The differences of two works: each kind of line, and none for equal works.
#include "run/fact_differences.h"

#include <gtest/gtest.h>

namespace virnucpro {
namespace {

TEST(FactDifferences, NamesWhatDiffersAndWhatOnlyOneHas) {
  const std::vector<RunFact> first = {{"input", "a"}, {"length", "500"}, {"old", "x"}};
  const std::vector<RunFact> second = {{"length", "300"}, {"input", "a"}, {"new", "y"}};
  EXPECT_EQ(differences_of(first, "there", second, "now"),
            "length: 500 there, 300 now; old: x there, nothing now; new: nothing there, y now");
  EXPECT_EQ(differences_of(first, "there", first, "now"), "");
}

TEST(FactDifferences, FindsAFactByItsName) {
  const std::vector<RunFact> facts = {{"input", "a"}, {"length", "500"}};
  EXPECT_EQ(find_fact(facts, "length"), &facts[1].value);
  EXPECT_EQ(find_fact(facts, "width"), nullptr);
}

}  // namespace
}  // namespace virnucpro
