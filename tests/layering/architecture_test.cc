// Checks that docs/development/architecture.md has the modules as their CMakeLists.txt record them.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "layering/modules.h"

namespace virnucpro::test {
namespace {

const std::string kPage = "/docs/development/architecture.md";

/// The code block below the line that ends with `mark`.
std::string block_after(const std::string& page, const std::string& mark) {
  const std::size_t at = page.find(mark + "\n");
  if (at == std::string::npos) return "";
  const std::string fence = "\n```\n";
  const std::size_t begin = page.find(fence, at);
  if (begin == std::string::npos) return "";
  const std::size_t end = page.find(fence, begin + fence.size() - 1);
  return page.substr(begin + fence.size(), end + 1 - begin - fence.size());
}

/// A line for each level, the highest first: " 2  calls evaluation run".
std::string picture_of(const std::map<std::string, Module>& modules) {
  std::map<int, std::set<std::string>, std::greater<>> by_level;
  for (const auto& [name, level] : levels_of(modules)) by_level[level].insert(name);
  std::ostringstream picture;
  for (const auto& [level, names] : by_level) {
    picture << (level < 10 ? " " : "") << level << " ";
    for (const std::string& name : names) picture << " " << name;
    picture << "\n";
  }
  return picture.str();
}

std::vector<std::string> cells_of(const std::string& row) {
  std::vector<std::string> cells;
  std::istringstream stream(row);
  for (std::string cell; std::getline(stream, cell, '|');) {
    const std::size_t first = cell.find_first_not_of(' ');
    const std::size_t last = cell.find_last_not_of(' ');
    cells.push_back(first == std::string::npos ? "" : cell.substr(first, last - first + 1));
  }
  return cells;
}

/// What the table says that each module may include: rows such as "| `run/` | ... | calls, base |".
std::map<std::string, std::set<std::string>> table_of(const std::string& page) {
  std::map<std::string, std::set<std::string>> table;
  std::istringstream stream(page);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with("| `")) continue;
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() < 5 || !cells[1].ends_with("/`")) continue;
    const std::string name = cells[1].substr(1, cells[1].size() - 3);
    std::set<std::string>& edges = table[name];
    std::istringstream list(cells[3]);
    for (std::string edge; list >> edge;) {
      if (edge.ends_with(',')) edge.pop_back();
      if (edge != "-") edges.insert(edge);
    }
  }
  return table;
}

std::string read_page() {
  std::ifstream stream(VIRNUCPRO_SOURCE_DIR + kPage);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

TEST(Architecture, DrawsTheLevelsThatTheRecordedEdgesGive) {
  const std::string picture = picture_of(read_modules(VIRNUCPRO_LAYERING_DIR));
  EXPECT_EQ(block_after(read_page(), "the highest first:"), picture);
}

TEST(Architecture, HasARowWithTheEdgesOfEveryModule) {
  std::map<std::string, std::set<std::string>> recorded;
  for (const auto& [name, module] : read_modules(VIRNUCPRO_LAYERING_DIR)) {
    recorded[name] = module.edges;
  }
  EXPECT_EQ(table_of(read_page()), recorded);
}

TEST(Architecture, IsReadAsItIsWritten) {
  const std::string page =
      "Levels, the highest first:\n\n```\n 2  b\n 1  a\n```\n\n| `a/` | x | - | fmt |\n"
      "| `b/` | y | a | |\n| `b.h` | no module | c | |\n";
  EXPECT_EQ(block_after(page, "the highest first:"), " 2  b\n 1  a\n");
  EXPECT_EQ(block_after(page, "nowhere:"), "");
  EXPECT_EQ(picture_of({{"a", {}}, {"b", {{"a"}, {}}}}), " 2  b\n 1  a\n");
  EXPECT_EQ(table_of(page),
            (std::map<std::string, std::set<std::string>>{{"a", {}}, {"b", {"a"}}}));
}

}  // namespace
}  // namespace virnucpro::test
