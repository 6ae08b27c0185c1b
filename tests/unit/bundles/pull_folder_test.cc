// The folder that models are pulled into: one process at a time, and what killed ones have left.
#include "bundles/pull_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/errors.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

TEST(PullFolder, IsForOnePullAtATime) {
  const TemporaryFolder folder;
  {
    const Descriptor lock = lock_of(folder.path());
    try {
      lock_of(folder.path());
      FAIL() << "two pulls hold the lock";
    } catch (const OutputError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("another process is pulling models"));
    }
  }
  EXPECT_NO_THROW(lock_of(folder.path()));
  EXPECT_THROW(lock_of(folder.file("none")), OutputError);
}

TEST(PullFolder, LosesWhatKilledPullsOfTheSameBundleLeft) {
  const TemporaryFolder folder;
  for (const char* name : {"models", "models.tmp-1", "models.tmp-2", "other.tmp-1"}) {
    fs::create_directory(folder.file(name));
  }
  remove_left_overs(folder.path(), folder.file("models"));
  EXPECT_TRUE(fs::exists(folder.file("models")));
  EXPECT_FALSE(fs::exists(folder.file("models.tmp-1")));
  EXPECT_FALSE(fs::exists(folder.file("models.tmp-2")));
  EXPECT_TRUE(fs::exists(folder.file("other.tmp-1")));
}

TEST(PullFolder, KnowsItsRoom) {
  const TemporaryFolder folder;
  EXPECT_EQ(room_of(folder.file("none")), 0u);
  EXPECT_TRUE(free_room(folder.path()).has_value());
  EXPECT_FALSE(free_room(folder.file("none")).has_value());
}

}  // namespace
}  // namespace virnucpro
