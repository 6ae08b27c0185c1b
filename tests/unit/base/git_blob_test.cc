// Names that git gives to contents.
#include "base/git_blob.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/errors.h"

namespace virnucpro {
namespace {

TEST(GitBlob, IsWhatGitSays) {
  const std::string path =
      (std::filesystem::temp_directory_path() / ("virnucpro_blob_" + std::to_string(::getpid())))
          .string();
  std::ofstream(path) << "what is up, doc?";
  // The example of the Pro Git book.
  EXPECT_EQ(git_blob_id(path), "bd9dbf5aae1a3862dd1526723246b20206e5fc37");
  std::ofstream(path, std::ios::trunc) << "";
  EXPECT_EQ(git_blob_id(path), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
  std::filesystem::remove(path);
  EXPECT_THROW(git_blob_id(path), ModelError);
}

TEST(GitBlob, HasFortyDigits) {
  EXPECT_TRUE(is_git_id("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"));
  EXPECT_FALSE(is_git_id("E69de29bb2d1d6434b8b29ae775ad8c2e48c5391"));
  EXPECT_FALSE(is_git_id("e69de29b"));
}

}  // namespace
}  // namespace virnucpro
