// Bytes as base64.
#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace virnucpro {
namespace {

TEST(Base64, IsThatOfTheStandard) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(Base64, JoinsItsPieces) {
  const std::string text = base64(std::string((std::size_t{3} << 20) + 1, 'a'));
  EXPECT_EQ(text.size(), (std::size_t{4} << 20) + 4);
  EXPECT_EQ(text.substr((std::size_t{4} << 20) - 4), "YWFhYQ==");
}

}  // namespace
}  // namespace virnucpro
