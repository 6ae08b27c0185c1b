// The note beside a file that has not come whole.
#include "download/download_state.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace virnucpro {
namespace {

class DownloadStateTest : public testing::Test {
 protected:
  void SetUp() override {
    path_ =
        (std::filesystem::temp_directory_path() / ("virnucpro_state_" + std::to_string(::getpid())))
            .string();
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::string text() const {
    std::ifstream file(path_);
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
  }
  void write(const std::string& content) const { std::ofstream(path_) << content; }

  std::string path_;
};

TEST_F(DownloadStateTest, IsReadAsItWasWritten) {
  DownloadState state{"version https://a/b \"tag\" x", 100, {}};
  state.done.add({0, 10});
  state.done.add({90, 100});
  write_download_state(path_, state);
  const auto read = read_download_state(path_);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->identity, state.identity);
  EXPECT_EQ(read->size, 100u);
  EXPECT_EQ(read->done.ranges(), state.done.ranges());
}

TEST_F(DownloadStateTest, IsIgnoredWhenItIsCutOrChanged) {
  EXPECT_FALSE(read_download_state(path_).has_value());
  DownloadState state{"sha256 0", 100, {}};
  state.done.add({0, 100});
  write_download_state(path_, state);
  const std::string whole = text();
  for (std::size_t length = 0; length + 1 < whole.size(); ++length) {
    write(whole.substr(0, length));
    EXPECT_FALSE(read_download_state(path_).has_value()) << length;
  }
  for (const char* bad : {"done 5 101", "done 7 7", "done 9 7", "done -1 7", "done 1", "more"}) {
    write("virnucpro download 1\nidentity a\nsize 100\n" + std::string(bad) + "\nend\n");
    EXPECT_FALSE(read_download_state(path_).has_value()) << bad;
  }
}

}  // namespace
}  // namespace virnucpro
