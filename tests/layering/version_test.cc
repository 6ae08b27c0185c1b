// Checks that every file that names the program's version names that of CMakeLists.txt.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

namespace virnucpro::test {
namespace {

std::string text_of(const std::string& file) {
  std::ifstream stream(std::string(VIRNUCPRO_SOURCE_DIR) + "/" + file);
  EXPECT_TRUE(stream) << file << " cannot be read";
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// What the pattern's first group matches, at every place of the file.
std::vector<std::string> found_in(const std::string& file, const std::string& pattern) {
  const std::string text = text_of(file);
  const std::regex regex(pattern, std::regex::ECMAScript | std::regex::multiline);
  std::vector<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), regex), end; match != end; ++match) {
    found.push_back((*match)[1]);
  }
  return found;
}

using Versions = std::vector<std::string>;

Versions project_version() {
  return found_in("CMakeLists.txt", R"(^project\(virnucpro VERSION (\S+) )");
}

TEST(Version, StandsInTheProjectLineAlone) {
  ASSERT_EQ(project_version().size(), 1u);
  EXPECT_TRUE(std::regex_match(project_version()[0], std::regex(R"(\d+\.\d+\.\d+)")));
}

TEST(Version, IsThatOfTheCitation) {
  EXPECT_EQ(found_in("CITATION.cff", R"(^version: (\S+)$)"), project_version());
}

TEST(Version, IsTheNewestOfTheChangelogWithItsDate) {
  const Versions headings = found_in("CHANGELOG.md", R"(^## (.+)$)");
  ASSERT_GE(headings.size(), 2u);
  EXPECT_EQ(headings[0], "Unreleased");
  const Versions released = found_in("CITATION.cff", R"(^date-released: (\d{4}-\d\d-\d\d)$)");
  ASSERT_EQ(released.size(), 1u);
  EXPECT_EQ(headings[1], project_version().at(0) + " - " + released[0]);
}

TEST(Version, IsTakenByThePythonPackageFromTheProjectLine) {
  EXPECT_EQ(found_in("pyproject.toml", R"re(^dynamic = \["(version)"\]$)re").size(), 1u);
  EXPECT_EQ(found_in("pyproject.toml", R"re(^version = (.*)$)re").size(), 0u);
  EXPECT_EQ(found_in("pyproject.toml", R"re(^input = "(.*)"$)re"), Versions{"CMakeLists.txt"});
}

TEST(Version, IsThatOfTheContainersAndPackagesOfTheNextflowModules) {
  for (const std::string name : {"predict", "merge"}) {
    const std::string folder = "workflows/nextflow/modules/nf-core/virnucpro/" + name + "/";
    const Versions containers = found_in(folder + "main.nf", R"(/virnucpro:([0-9.]+)--\d)");
    EXPECT_EQ(containers, Versions(2, project_version().at(0))) << folder;
    EXPECT_EQ(found_in(folder + "environment.yml", R"re(bioconda::virnucpro=(\S+?)"?$)re"),
              project_version())
        << folder;
  }
}

}  // namespace
}  // namespace virnucpro::test
