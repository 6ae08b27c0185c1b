// The content of a file, and that a change of it is noticed.
#include "base/known_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/errors.h"
#include "base/sha256.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

// printf 'abc' | sha256sum
constexpr const char* kHashOfAbc =
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

class KnownFiles : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              (std::string("virnucpro_known_") + info->name() + "_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
    write("abc");
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path() const { return (folder_ / "file").string(); }
  void write(const std::string& text) const { std::ofstream(path(), std::ios::binary) << text; }

  std::string error_after(const std::function<void()>& change) const {
    const std::optional<KnownFile> known = read_known_file(path());
    change();
    try {
      require_unchanged(path(), *known);
    } catch (const ChangedInput& error) {
      return error.what();
    }
    return "";
  }

  fs::path folder_;
};

TEST_F(KnownFiles, HaveTheHashAndSizeOfTheirBytes) {
  const std::optional<KnownFile> known = read_known_file(path());
  ASSERT_TRUE(known);
  EXPECT_EQ(known->content, (FileContent{kHashOfAbc, 3}));
  EXPECT_EQ(known->stamp, stamp_of(path()));
  EXPECT_EQ(sha256_file(path()), kHashOfAbc);
  Sha256 pieces;
  pieces.update(std::as_bytes(std::span("ab", 2)));
  pieces.update({});
  pieces.update(std::as_bytes(std::span("c", 1)));
  EXPECT_EQ(pieces.finish(), kHashOfAbc);
}

TEST_F(KnownFiles, AreRegularFilesOnly) {
  const std::string pipe = (folder_ / "pipe").string();
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const auto known = read_known_files({path(), "-", pipe, folder_.string()});
  ASSERT_EQ(known.size(), 4U);
  EXPECT_TRUE(known[0]);
  EXPECT_FALSE(known[1]);
  EXPECT_FALSE(known[2]) << "and it was not opened, which would wait for a writer";
  EXPECT_FALSE(known[3]);
}

TEST_F(KnownFiles, AreNotReadOnceAStopIsRequested) {
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(read_known_file(path(), stop.get_token()), Interrupted);
  EXPECT_THROW(sha256_file(path(), stop.get_token()), Interrupted);
}

TEST_F(KnownFiles, ThatChangeAreTold) {
  EXPECT_EQ(error_after([] {}), "");
  EXPECT_EQ(error_after([this] {
              write("abc");
              fs::last_write_time(path(), fs::file_time_type::clock::now() + std::chrono::hours(1));
            }),
            "")
      << "the bytes are the same";
  EXPECT_THAT(error_after([this] { write("abcd"); }),
              StartsWith(path() +
                         ": changed while the program worked on it: it had 3 bytes with "
                         "the SHA-256 " +
                         kHashOfAbc + " before the work began, and 4 bytes with "));
  write("abc");
  EXPECT_THAT(error_after([this] {
                std::ofstream((folder_ / "new").string()) << "abc";
                fs::rename(folder_ / "new", path());
              }),
              HasSubstr("it was replaced by another file. Nothing of it is kept."));
  EXPECT_THAT(error_after([this] { fs::remove(path()); }), HasSubstr("it is gone."));
}

}  // namespace
}  // namespace virnucpro
