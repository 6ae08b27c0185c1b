// What a run's database does when the disk is full, cannot be written, or has lost its folder.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/errors.h"
#include "run/run_database.h"
#include "unit/report/file_size_limit.h"
#include "unit/report/temporary_folder.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

using Existing = RunDatabase::Existing;

/// A disk of its own that is soon full; only root can have one.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    is_mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=1m") == 0;
  }
  ~SmallDisk() {
    if (is_mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return is_mounted_; }
  bool change(unsigned long flags, const char* options) const {
    return ::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | flags, options) == 0;
  }

 private:
  std::string path_;
  bool is_mounted_ = false;
};

/// Commits record after record until that fails. Returns the error; `committed` is what is safe.
std::string fill_up(RunDatabase& database, std::uint64_t& committed) {
  const std::vector<float> values(1000, 1.0f);
  return error_of<OutputError>([&] {
    for (std::uint64_t i = database.extent().records; i < 10'000; ++i) {
      add_small_record(database, i);
      for (std::uint64_t orf = 0; orf < 4; ++orf) {
        database.put_embedding(4 * i + orf, StoredEncoder::kEsm2, values);
      }
      database.commit();
      committed = i + 1;
    }
  });
}

void expect_only_committed(RunDatabase& database, std::uint64_t committed,
                           const std::string& error) {
  EXPECT_FALSE(database.has_uncommitted());
  EXPECT_EQ(database.extent().records, committed);
  EXPECT_NO_THROW(transcript_of(database));
  EXPECT_EQ(error_of<OutputError>([&] { add_small_record(database, committed); }), error);
  EXPECT_EQ(error_of<OutputError>([&] { database.commit(); }), error);
}

TEST(RunDatabaseDisk, KeepsWhatWasCommittedWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  const SmallDisk disk(folder.path());
  if (!disk.is_mounted()) GTEST_SKIP() << "a small disk cannot be mounted: not root";
  std::uint64_t committed = 0;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    const std::string error = fill_up(database, committed);
    EXPECT_EQ(error, folder.file("run.db") +
                         ": cannot write: No space left on device (error 28). Free some space, or "
                         "choose another place with -o, and run again.");
    EXPECT_GT(committed, 3U);
    expect_only_committed(database, committed, error);
  }
  ASSERT_TRUE(disk.change(0, "size=64m"));
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  EXPECT_EQ(database.extent().records, committed);
  for (std::uint64_t i = committed; i < 100; ++i) add_small_record(database, i);
  database.commit();
  EXPECT_NO_THROW(transcript_of(database));
}

TEST(RunDatabaseDisk, KeepsWhatWasCommittedWhenAFileMayNotGrow) {
  const TemporaryFolder folder;
  std::uint64_t committed = 0;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    const FileSizeLimit limit(1'000'000);
    const std::string error = fill_up(database, committed);
    EXPECT_EQ(error, folder.file("run.db") +
                         ": cannot write: File too large (error 27). Raise the file size limit "
                         "(ulimit -f) and run again.");
    EXPECT_GT(committed, 3U);
    expect_only_committed(database, committed, error);
  }
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  EXPECT_EQ(database.extent().records, committed);
  EXPECT_NO_THROW(transcript_of(database));
}

TEST(RunDatabaseDisk, SaysThatAPlaceCannotBeWritten) {
  const TemporaryFolder folder;
  std::filesystem::create_directory(folder.file("mine"));
  ::chmod(folder.path().c_str(), 0755);
  { RunDatabase database(folder.path(), kWork, Existing::kContinue); }
  ::chmod(folder.file("run.db").c_str(), 0644);
  const int code = in_another_process([&]() -> int {
    const ::uid_t nobody = 65534;
    if (::geteuid() == 0 && ::setuid(nobody) != 0) return 100;
    if (::geteuid() != nobody) {  // our own files
      ::chmod(folder.file("run.db").c_str(), 0444);
      ::chmod(folder.path().c_str(), 0555);
      ::chmod(folder.file("mine").c_str(), 0555);
    }
    for (const Existing existing : {Existing::kContinue, Existing::kStartOver}) {
      const std::string error =
          error_of<OutputError>([&] { RunDatabase(folder.path(), kWork, existing); });
      if (error != folder.file("run.db") +
                       ": cannot write: Permission denied (error 13). Choose a place that you may "
                       "write to with -o.") {
        ::fprintf(stderr, "%s\n", error.c_str());
        return 1;
      }
      const std::string new_error =
          error_of<OutputError>([&] { RunDatabase(folder.file("mine"), kWork, existing); });
      if (new_error != folder.file("mine/run.db") +
                           ": cannot create: Permission denied (error 13). Choose a place that you "
                           "may write to with -o.") {
        ::fprintf(stderr, "%s\n", new_error.c_str());
        return 2;
      }
    }
    return 0;
  });
  ::chmod(folder.path().c_str(), 0755);
  EXPECT_EQ(code, 0);
}

TEST(RunDatabaseDisk, ReadsWhatIsOnAMediumForReading) {
  const TemporaryFolder parent;
  const std::string path = parent.file("50%?a=b#c");
  std::filesystem::create_directory(path);
  const SmallDisk disk(path);
  if (!disk.is_mounted()) GTEST_SKIP() << "a small disk cannot be mounted: not root";
  std::string expected;
  {
    RunDatabase database(path, kWork, Existing::kContinue);
    add_small_record(database, 0);
    database.commit();
    expected = transcript_of(database);
  }
  ASSERT_TRUE(disk.change(MS_RDONLY, ""));
  RunDatabase database(path);
  EXPECT_EQ(transcript_of(database), expected);
  EXPECT_EQ(error_of<OutputError>([&] { database.set_text("a", "b"); }),
            path +
                "/run.db: cannot write: Read-only file system (error 30). Choose a place that "
                "you may write to with -o.");
  EXPECT_EQ(error_of<OutputError>([&] { RunDatabase(path, kWork, Existing::kContinue); }),
            path +
                "/run.db: cannot write: Read-only file system (error 30). Choose a place that "
                "you may write to with -o.");
}

TEST(RunDatabaseDisk, NoticesThatItsFolderHasGone) {
  for (const char* gone : {"", "run.db", "run.db-wal"}) {
    const TemporaryFolder parent;
    const std::string folder = parent.file("results");
    std::filesystem::create_directory(folder);
    RunDatabase database(folder, kWork, Existing::kContinue);
    add_small_record(database, 0);
    database.commit();
    add_small_record(database, 1);
    std::filesystem::remove_all(folder + "/" + gone);
    EXPECT_EQ(error_of<OutputError>([&] { database.commit(); }),
              folder +
                  "/run.db: was removed or replaced while the run was working in its folder. "
                  "What has been computed since is lost; run again.");
    EXPECT_THROW(add_small_record(database, 2), OutputError);
  }
}

TEST(RunDatabaseDisk, LeavesTheFilesOfAnotherRunInItsPlaceAlone) {
  const TemporaryFolder parent;
  const std::string folder = parent.file("results");
  std::filesystem::create_directory(folder);
  auto first = std::make_unique<RunDatabase>(folder, kWork, Existing::kContinue);
  add_small_record(*first, 0);
  first->commit();
  add_small_record(*first, 1);
  std::filesystem::rename(folder, parent.file("moved"));
  std::filesystem::create_directory(folder);
  // Killed after its first commit: what it did is only in its log.
  ASSERT_EQ(in_another_process([&]() -> int {
              RunDatabase second(folder, kWork, Existing::kContinue);
              for (std::uint64_t i = 0; i < 7; ++i) add_small_record(second, i);
              second.commit();
              ::_exit(0);
            }),
            0);
  EXPECT_THROW(first->commit(), OutputError);
  first.reset();
  EXPECT_EQ(RunDatabase(folder).extent().records, 7U);
}

}  // namespace
}  // namespace virnucpro
