// Bundles by their names alone.
#include "weights/bundle_places.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "unit/config/environment_of.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class BundlePlaces : public testing::Test {
 protected:
  void SetUp() override {
    root_ =
        (fs::temp_directory_path() / ("virnucpro_places_" + std::to_string(::getpid()))).string();
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }

  void make(const std::string& folder) const {
    fs::create_directories(root_ + "/" + folder);
    std::ofstream(root_ + "/" + folder + "/bundle.json") << "{}";
  }
  Environment environment() const {
    return environment_of({{"VIRNUCPRO_MODELS", root_ + "/a::" + root_ + "/b"},
                           {"XDG_DATA_HOME", root_ + "/data"},
                           {"XDG_DATA_DIRS", root_ + "/system"}});
  }

  std::string root_;
};

TEST_F(BundlePlaces, AreInTheOrderOfTheirSearch) {
  EXPECT_THAT(bundle_places(environment()),
              ElementsAre(root_ + "/a", root_ + "/b", root_ + "/data/virnucpro",
                          root_ + "/system/virnucpro"));
  EXPECT_THAT(bundle_places(environment_of({{"HOME", "/h"}})),
              ElementsAre("/h/.local/share/virnucpro", "/usr/local/share/virnucpro",
                          "/usr/share/virnucpro"));
}

TEST_F(BundlePlaces, GiveTheFirstBundleOfTheName) {
  EXPECT_EQ(find_named_bundle(environment(), "x"), std::nullopt);
  make("system/virnucpro/x");
  EXPECT_EQ(find_named_bundle(environment(), "x"), root_ + "/system/virnucpro/x");
  fs::create_directories(root_ + "/a/x");  // no bundle
  make("b/x");
  EXPECT_EQ(find_named_bundle(environment(), "x"), root_ + "/b/x");
  for (const char* path : {"", ".", "..", "./x", "../b/x", "/x"}) {
    EXPECT_EQ(find_named_bundle(environment(), path), std::nullopt) << path;
  }
}

TEST_F(BundlePlaces, ListEveryNameOnce) {
  make("system/virnucpro/x");
  make("system/virnucpro/y");
  make("b/x");
  make("b/.downloads");
  std::string names;
  for (const NamedBundle& each : named_bundles(environment())) {
    names += each.name + "=" + each.folder.substr(root_.size()) + " ";
  }
  EXPECT_EQ(names, "x=/b/x y=/system/virnucpro/y ");
}

}  // namespace
}  // namespace virnucpro
