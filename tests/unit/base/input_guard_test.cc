// What counts as writing over an input: names, links, temporary names, folders.
#include "base/input_guard.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "base/errors.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

class InputGuardTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = (fs::temp_directory_path() / "virnucpro-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
    fs::create_directories(path("models"));
    for (const char* name : {"a.fa", "b.fa", "models/card.json"}) std::ofstream(path(name)) << "x";
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }

  static std::string error_of(const std::function<void()>& action) {
    try {
      action();
    } catch (const ConfigError& error) {
      return error.what();
    }
    return "";
  }

  std::string file(const std::string& name) const {
    return error_of([&] { guard_.require_apart(path(name)); });
  }
  std::string folder(const std::string& name) const {
    const char* const names[] = {"a.fa", "results.tsv"};
    return error_of([&] { guard_.require_apart(path(name), names); });
  }
  std::string replaced(const std::string& name) const {
    return error_of([&] { guard_.require_outside(path(name)); });
  }

  InputGuard guard_;
  std::string folder_;
};

TEST_F(InputGuardTest, KnowsFilesByNameAndByLink) {
  guard_.add("--labels", path("a.fa"));
  EXPECT_EQ(file("a.fa"), path("a.fa") + ": writing it would destroy --labels '" + path("a.fa") +
                              "', which is the same file. Name another place with -o.");
  EXPECT_NE(file("models/../a.fa"), "");
  EXPECT_EQ(file("b.fa"), "");
  EXPECT_EQ(file("new.fa"), "");
  fs::create_hard_link(path("a.fa"), path("hard.fa"));
  fs::create_symlink("a.fa", path("soft.fa"));
  fs::create_directory_symlink(folder_, path("here"));
  EXPECT_NE(file("hard.fa"), "");
  EXPECT_NE(file("soft.fa"), "");
  EXPECT_NE(file("here/a.fa"), "");
}

TEST_F(InputGuardTest, KnowsTheTemporaryName) {
  std::ofstream(path("out.partial")) << "x";
  guard_.add("the input", path("out.partial"));
  EXPECT_EQ(file("out"), path("out") + ": is written as '" + path("out.partial") +
                             "' first, which would destroy the input '" + path("out.partial") +
                             "'. Name another place with -o.");
  // The file that a link names is written, under that file's temporary name.
  fs::create_directories(path("elsewhere"));
  std::ofstream(path("elsewhere/real")) << "x";
  fs::create_symlink("elsewhere/real", path("link"));
  std::ofstream(path("elsewhere/real.partial")) << "x";
  guard_.add("the input", path("elsewhere/real.partial"));
  EXPECT_NE(file("link"), "");
}

TEST_F(InputGuardTest, KnowsNamesInFoldersAndFoldersThemselves) {
  guard_.add("the input", path("a.fa"));
  guard_.add("--bundle", path("models"));
  EXPECT_NE(folder("."), "");
  EXPECT_EQ(folder("elsewhere"), "");
  EXPECT_EQ(folder("models/results"), "");
  EXPECT_EQ(folder("models/"), path("models/") + ": is --bundle '" + path("models") +
                                   "', which this command reads, so nothing is written there. "
                                   "Name another folder with -o.");
  EXPECT_NE(file("models/card.json"), "") << "a file of the folder";
  EXPECT_EQ(file("models/new.json"), "");
}

TEST_F(InputGuardTest, LetsNothingBeInAFolderThatIsReplaced) {
  guard_.add("--labels", path("models/card.json"));
  EXPECT_NE(replaced("models"), "");
  EXPECT_NE(replaced("."), "");
  EXPECT_EQ(replaced("elsewhere"), "");
  EXPECT_EQ(replaced("models/new"), "");
  fs::create_directory_symlink("models", path("link"));
  EXPECT_NE(replaced("link"), "");
  fs::create_directories(path("other"));
  fs::create_hard_link(path("models/card.json"), path("other/card.json"));
  EXPECT_NE(replaced("other"), "");
}

TEST_F(InputGuardTest, ComparesDevicesAndWhatIsMissingWithNothing) {
  guard_.add("the input", "/dev/null");
  guard_.add("--frames", "");
  guard_.add("the input", path("missing.fa"));
  EXPECT_EQ(error_of([&] { guard_.require_apart("/dev/null"); }), "");
  EXPECT_EQ(file("a.fa"), "");
  EXPECT_NE(file("missing.fa"), "") << "by its name";
}

}  // namespace
}  // namespace virnucpro
