// Archives as the system's tar reads them.
#include "bundles/tar_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(TarFile, IsUnpackedByTheSystemsTar) {
  const fs::path folder =
      fs::temp_directory_path() / ("virnucpro_tar_" + std::to_string(::getpid()));
  fs::create_directories(folder / "out");
  const std::string archive = (folder / "a.tar").string();
  const std::string block(512, 'b');
  TarFile tar(archive);
  tar.add("x/empty", std::string_view());
  tar.add("x/block", block);
  tar.add("x/more", block + "c");
  tar.commit();
  EXPECT_EQ(fs::file_size(archive) % 512, 0u);
  const std::string command = "tar -xf " + archive + " -C " + (folder / "out").string();
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(content_of(folder / "out/x/empty"), "");
  EXPECT_EQ(content_of(folder / "out/x/block"), block);
  EXPECT_EQ(content_of(folder / "out/x/more"), block + "c");
  fs::remove_all(folder);
}

TEST(TarHeader, WritesSizesBeyondEightGigabytesInBinary) {
  const std::string small = tar_header("a", 511);
  EXPECT_EQ(small.substr(124, 12), std::string("00000000777\0", 12));
  const std::string large = tar_header("a", (std::uint64_t{1} << 33) + 5);
  EXPECT_EQ(large.substr(124, 12), std::string("\x80\0\0\0\0\0\0\2\0\0\0\5", 12));
  EXPECT_EQ(large.size(), 512u);
}

}  // namespace
}  // namespace virnucpro
