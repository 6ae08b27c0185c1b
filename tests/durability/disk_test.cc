// Disks that are full, read-only or gone, and limits of the system: a clear error, never a partial
// file in the place of a whole one, and the same command can continue.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "durability/durability_test.h"
#include "durability/small_disk.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr int kOutput = 74;

class Disk : public DurabilityTest {
 protected:
  void SetUp() override {
    DurabilityTest::SetUp();
    write("in.fa", mixed_input(15, 6));
    expected_ = undisturbed();
  }

  /// The run failed: it says why, and nothing incomplete has a result's name.
  void expect_refused(const ProgramResult& result, const std::string& folder,
                      const std::string& reason) const {
    ASSERT_TRUE(ends_with(result, kOutput));
    EXPECT_THAT(last_line(result.err), HasSubstr(reason));
    EXPECT_TRUE(only_whole_results(expected_, results_in(path(folder)))) << result.call;
  }

  void wait_for(const std::string& name) const {
    for (int i = 0; i < 6000 && !exists(name); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }

  Results expected_;
};

TEST_F(Disk, ThatIsFullIsGivenSpaceAndTheRunGoesOn) {
  // Full at the first pages, in the middle of the database, and while the tables are written.
  int refused = 0;
  for (int size = 8; size < 4096; size += is_long_form() ? 4 : 28) {
    SCOPED_TRACE(size);
    const std::string folder = "disk" + std::to_string(size);
    const SmallDisk disk(path(folder), ("size=" + std::to_string(size) + "k").c_str());
    if (!disk.is_mounted()) GTEST_SKIP() << "a small disk cannot be mounted: not root";
    const ProgramCall call = predict(folder + "/out");
    const ProgramResult full = run(call);
    if (full.exit_code == 0) break;
    ++refused;
    expect_refused(full, folder + "/out", "No space left on device");
    ASSERT_TRUE(disk.remount("size=64m"));
    ASSERT_TRUE(ends_with(run(call), 0));
    EXPECT_TRUE(same_results(expected_, results_in(path(folder + "/out"))));
  }
  EXPECT_GE(refused, 3);
}

TEST_F(Disk, ThatIsFullOfSomethingElseIsFreedWhileTheRunWaits) {
  const SmallDisk disk(path("disk"), "size=8m");
  if (!disk.is_mounted()) GTEST_SKIP() << "a small disk cannot be mounted: not root";
  write("disk/other", std::string(8'300'000, 'x'));
  const ProgramCall call = predict("disk/out", "workers=3;slow=100");
  expect_refused(run(call), "disk/out", "No space left on device");
  fs::remove(path("disk/other"));
  ASSERT_TRUE(ends_with(run(call), 0));
  EXPECT_TRUE(same_results(expected_, results_in(path("disk/out"))));
}

TEST_F(Disk, WithoutInodesIsRefused) {
  const SmallDisk disk(path("disk"), "size=8m,nr_inodes=4");
  if (!disk.is_mounted()) GTEST_SKIP() << "a small disk cannot be mounted: not root";
  expect_refused(run(predict("disk/out")), "disk/out", "No space left on device");
  ASSERT_TRUE(disk.remount("nr_inodes=100"));
  ASSERT_TRUE(ends_with(run(predict("disk/out")), 0));
  EXPECT_TRUE(same_results(expected_, results_in(path("disk/out"))));
}

TEST_F(Disk, ThatCannotBeWrittenIsRefused) {
  const SmallDisk disk(path("disk"), "size=8m");
  if (!disk.is_mounted()) GTEST_SKIP() << "a disk cannot be mounted: not root";
  ASSERT_TRUE(disk.remount("", MS_RDONLY));
  expect_refused(run(predict("disk")), "disk", "Read-only file system");
  expect_refused(run(predict("disk/out")), "disk/out", "Read-only file system");
  ASSERT_TRUE(disk.remount(""));
  ASSERT_TRUE(ends_with(run(predict("disk")), 0));
  ASSERT_TRUE(disk.remount("", MS_RDONLY));
  expect_refused(run(predict("disk")), "disk", "Read-only file system");
  EXPECT_TRUE(same_results(expected_, results_in(path("disk"))));
}

// Runs lock and map their log: it cannot become read-only under them, but it can be taken away.
TEST_F(Disk, WhoseFolderIsRemovedWhileTheRunWorks) {
  ProgramCall call = predict("out", "workers=3;slow=150");
  call.while_running = [&](int) {
    wait_for("out/run.db-wal");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    fs::remove_all(path("out"));
  };
  const ProgramResult result = run(call);
  ASSERT_TRUE(ends_with(result, kOutput));
  EXPECT_THAT(last_line(result.err), HasSubstr("out/run.db"));
  EXPECT_FALSE(exists("out/run.json"));
  call.while_running = {};
  ASSERT_TRUE(ends_with(run(call), 0));
  EXPECT_TRUE(same_results(expected_, results_in(path("out"))));
}

TEST_F(Disk, WhoseFolderIsReplacedWhileTheRunWorks) {
  ProgramCall call = predict("out", "workers=3;slow=150");
  call.while_running = [&](int) {
    wait_for("out/run.db-wal");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    fs::rename(path("out"), path("moved"));
    fs::create_directory(path("out"));
  };
  ASSERT_TRUE(ends_with(run(call), kOutput));
  EXPECT_TRUE(results_in(path("out")).empty());
  ASSERT_TRUE(ends_with(run(predict("moved")), 0));
  EXPECT_TRUE(same_results(expected_, results_in(path("moved"))));
}

TEST_F(Disk, WhoseFilesMayNotGrow) {
  for (int blocks = 1; blocks < 60; blocks += is_long_form() ? 1 : 40) {
    SCOPED_TRACE(blocks);
    const std::string folder = "out" + std::to_string(blocks);
    ProgramCall call = predict(folder);
    call.file_blocks = blocks;
    expect_refused(run(call), folder, "File too large");
    ASSERT_TRUE(ends_with(run(predict(folder)), 0));
    EXPECT_TRUE(same_results(expected_, results_in(path(folder))));
  }
}

TEST_F(Disk, WithFewFilesAtOnce) {
  for (int files = 3; files < 40; files += is_long_form() ? 1 : 5) {
    SCOPED_TRACE(files);
    const std::string folder = "out" + std::to_string(files);
    ProgramCall call = predict(folder);
    call.open_files = files;
    const ProgramResult result = run(call);
    if (result.exit_code == 0) break;
    // 127: the system could not load its libraries.
    EXPECT_NE(result.exit_code, 70) << result.err;
    EXPECT_LT(result.exit_code, 128) << result.err;
    EXPECT_FALSE(result.err.empty());
    EXPECT_TRUE(only_whole_results(expected_, results_in(path(folder)))) << result.call;
    if (!exists(folder)) continue;
    ASSERT_TRUE(ends_with(run(predict(folder)), 0));
    EXPECT_TRUE(same_results(expected_, results_in(path(folder))));
    fs::remove_all(path(folder));
  }
}

TEST_F(Disk, FolderIsForOneProcessAtATime) {
  ProgramCall call = predict("out", "workers=3;slow=100");
  ProgramResult second;
  call.while_running = [&](int process) {
    wait_for("out/run.db-wal");
    ::kill(process, SIGSTOP);  // however fast it is, it is not done before the other has come
    ProgramCall other = predict("out");
    other.streams = ".second";
    second = run(other);
    ::kill(process, SIGCONT);
  };
  ASSERT_TRUE(ends_with(run(call), 0));
  ASSERT_TRUE(ends_with(second, kUsage));
  EXPECT_THAT(last_line(second.err),
              HasSubstr("another run is working in this folder: out/run.db is locked"));
  EXPECT_TRUE(same_results(expected_, results_in(path("out"))));
}

}  // namespace
}  // namespace virnucpro::test
