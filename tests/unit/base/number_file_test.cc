// Numbers on the disk: what comes back, and what is left of the file.
#include "base/number_file.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "base/errors.h"

namespace virnucpro {
namespace {

TEST(NumberFile, GivesBackWhatWasSetInAnyOrderAndLeavesNoFile) {
  std::string folder = (std::filesystem::temp_directory_path() / "virnucpro-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  {
    NumberFile numbers(folder);
    numbers.set(3, 30);
    numbers.set(0, ~std::uint64_t{0});
    numbers.set(3, 31);
    EXPECT_EQ(numbers.get(0), ~std::uint64_t{0});
    EXPECT_EQ(numbers.get(1), 0u);
    EXPECT_EQ(numbers.get(3), 31u);
    EXPECT_THROW(numbers.get(4), ContractError);
    EXPECT_TRUE(std::filesystem::is_empty(folder));
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder));
  std::filesystem::remove_all(folder);
  EXPECT_THROW(NumberFile{folder}, OutputError);
}

}  // namespace
}  // namespace virnucpro
