// Suggestions for mistyped names.
#include "config/nearest_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace virnucpro {
namespace {

const std::vector<std::string> kNames = {"threads", "device", "batch_tokens", "no_packing"};

TEST(NearestName, FindsTheNameWithOneLetterWrong) {
  EXPECT_EQ(nearest_name("thread", kNames), "threads");
  EXPECT_EQ(nearest_name("devise", kNames), "device");
}

TEST(NearestName, IgnoresCaseAndTheKindOfDash) {
  EXPECT_EQ(nearest_name("Batch-Tokens", kNames), "batch_tokens");
}

TEST(NearestName, SuggestsNothingWhenNothingIsNear) {
  EXPECT_EQ(nearest_name("colour", kNames), "");
  EXPECT_EQ(nearest_name("", kNames), "");
  EXPECT_EQ(nearest_name("threads", {}), "");
  EXPECT_EQ(nearest_name(std::string(100000, 't'), kNames), "");
}

}  // namespace
}  // namespace virnucpro
