// Reads every #include of src/ against the edges that each module's CMakeLists.txt records.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "layering/modules.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;

/// The module of a path below src/: the one with the longest name that is a prefix of its folder.
std::string module_of(const std::string& path, const std::map<std::string, Module>& modules) {
  std::string best;
  for (const auto& [name, module] : modules) {
    if (path.starts_with(name + "/") && name.size() > best.size()) best = name;
  }
  return best;
}

struct Include {
  std::string target;
  bool is_quoted = false;
};

/// The name in `#include "x"` or `#include <x>`; absent for other lines.
std::optional<Include> parse_include(const std::string& line) {
  std::istringstream stream(line);
  std::string hash;
  stream >> hash;
  if (hash == "#") {
    stream >> hash;
    hash = "#" + hash;
  }
  if (!hash.starts_with("#include")) return std::nullopt;
  const std::size_t open = line.find_first_of("<\"");
  if (open == std::string::npos) return std::nullopt;
  const std::size_t close = line.find_first_of(">\"", open + 1);
  if (close == std::string::npos) return std::nullopt;
  return Include{line.substr(open + 1, close - open - 1), line[open] == '"'};
}

/// The allowed includes that the sources of one module use.
struct UsedEdges {
  std::set<std::string> edges;
  std::set<std::string> headers;
};

/// Adds the edges that a source text of the module `own` uses.
void add_used(const std::string& own, const std::string& text,
              const std::map<std::string, Module>& modules, UsedEdges& used) {
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    const std::optional<Include> include = parse_include(line);
    if (!include) continue;
    const std::string other = module_of(include->target, modules);
    if (!other.empty() && include->is_quoted) {
      used.edges.insert(other);
      continue;
    }
    for (const std::string& prefix : modules.at(own).headers) {
      if (include->target.starts_with(prefix)) used.headers.insert(prefix);
    }
  }
}

/// A complaint for each recorded edge and header that nothing uses.
std::vector<std::string> complaints_of_unused(const std::map<std::string, Module>& modules,
                                              const std::map<std::string, UsedEdges>& used) {
  std::vector<std::string> found;
  for (const auto& [name, module] : modules) {
    const auto own = used.find(name);
    const UsedEdges none;
    const UsedEdges& here = own == used.end() ? none : own->second;
    for (const std::string& edge : module.edges) {
      if (!here.edges.contains(edge)) found.push_back(name + " includes nothing of " + edge);
    }
    for (const std::string& prefix : module.headers) {
      if (!here.headers.contains(prefix)) {
        found.push_back(name + " uses no library header " + prefix);
      }
    }
  }
  return found;
}

/// Calls `take` with the path below src/ and the text of every source file there.
template <typename Take>
int for_each_source(const Take& take) {
  const fs::path source(VIRNUCPRO_SOURCE_DIR "/src");
  int files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source)) {
    const std::string extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc" && extension != ".cu" && extension != ".cuh") {
      continue;
    }
    ++files;
    std::ifstream stream(entry.path());
    std::stringstream text;
    text << stream.rdbuf();
    take(fs::relative(entry.path(), source).string(), text.str());
  }
  return files;
}

/// The complaints about one source text of the module `own`.
std::vector<std::string> complaints(const std::string& file, const std::string& text,
                                    const std::map<std::string, Module>& modules) {
  std::vector<std::string> found;
  const std::string own = module_of(file, modules);
  if (own.empty()) return {file + ": lies in no module"};
  std::istringstream stream(text);
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::optional<Include> include = parse_include(line);
    if (!include) continue;
    const std::string& target = include->target;
    const std::string where = file + ":" + std::to_string(number) + ": ";
    const Module& module = modules.at(own);
    const std::string other = module_of(target, modules);
    if (!other.empty() && include->is_quoted) {
      if (other != own && !module.edges.contains(other)) {
        found.push_back(where + own + " must not include " + target);
      }
      continue;
    }
    // Third party: only modules that list the prefix may include it.
    for (const auto& [name, listed] : modules) {
      for (const std::string& prefix : listed.headers) {
        const bool theirs = target.starts_with(prefix);
        const auto mine = [&](const std::string& p) { return target.starts_with(p); };
        if (theirs && std::none_of(module.headers.begin(), module.headers.end(), mine)) {
          found.push_back(where + own + " must not use the library header " + target);
        }
      }
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

TEST(Layering, EveryIncludeFollowsTheRecordedEdges) {
  const std::map<std::string, Module> modules = read_modules(VIRNUCPRO_LAYERING_DIR);
  ASSERT_GE(modules.size(), 12u);
  const int files = for_each_source([&](const std::string& file, const std::string& text) {
    for (const std::string& complaint : complaints(file, text, modules)) {
      ADD_FAILURE() << complaint;
    }
  });
  EXPECT_GT(files, 50);
}

TEST(Layering, EveryRecordedEdgeIsUsed) {
  const std::map<std::string, Module> modules = read_modules(VIRNUCPRO_LAYERING_DIR);
  std::map<std::string, UsedEdges> used;
  for_each_source([&](const std::string& file, const std::string& text) {
    const std::string own = module_of(file, modules);
    if (!own.empty()) add_used(own, text, modules, used[own]);
  });
  for (const std::string& complaint : complaints_of_unused(modules, used)) {
    ADD_FAILURE() << complaint << ": take it out of the module's CMakeLists.txt";
  }
}

// headers_alone.cmake relies on it: what the preset tsan builds, each file by itself, is the
// program.
TEST(Layering, TheProgramHasAllModulesButTheLibraryAndTheCudaPlugin) {
  std::map<std::string, Module> others = read_modules(VIRNUCPRO_LAYERING_DIR);
  std::vector<std::string> reached = {"cli"};
  while (!reached.empty()) {
    const auto module = others.extract(reached.back());
    reached.pop_back();
    if (module.empty()) continue;
    reached.insert(reached.end(), module.mapped().edges.begin(), module.mapped().edges.end());
  }
  std::vector<std::string> names;
  for (const auto& [name, module] : others) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"api", "backend/cuda/device"}));
}

TEST(Layering, TheRecordedEdgesHaveNoCycle) {
  const std::map<std::string, Module> modules = read_modules(VIRNUCPRO_LAYERING_DIR);
  const std::map<std::string, int> levels = levels_of(modules);
  for (const auto& [name, module] : modules) EXPECT_TRUE(levels.contains(name)) << name;
}

TEST(Layering, FindsACycleAndTheLevelsBelowIt) {
  const std::map<std::string, int> levels = levels_of(
      {{"base", {}}, {"sequence", {{"base"}, {}}}, {"a", {{"b", "base"}, {}}}, {"b", {{"a"}, {}}}});
  EXPECT_EQ(levels, (std::map<std::string, int>{{"base", 1}, {"sequence", 2}}));
}

TEST(Layering, ComplainsAboutAnIncludeAgainstTheDirection) {
  const std::map<std::string, Module> modules = {
      {"base", {{}, {"fmt/"}}}, {"sequence", {{"base"}, {"htslib/"}}}, {"cli", {{"sequence"}, {}}}};
  EXPECT_EQ(complaints("base/x.h", "#include \"sequence/reader.h\"\n", modules).size(), 1u);
  EXPECT_EQ(complaints("cli/x.cc", "#include <htslib/hts.h>\n", modules).size(), 1u);
  EXPECT_EQ(complaints("cli/x.cc", "#include \"base/errors.h\"\n", modules).size(), 1u);
  EXPECT_EQ(complaints("elsewhere/x.cc", "", modules).size(), 1u);
  EXPECT_TRUE(
      complaints("sequence/x.cc", "#include <htslib/hts.h>\n#include \"base/errors.h\"\n", modules)
          .empty());
}

TEST(Layering, ComplainsAboutAnEdgeThatNothingUses) {
  const std::map<std::string, Module> modules = {
      {"base", {{}, {"fmt/"}}}, {"run", {{"base"}, {"sqlite3.h"}}}, {"cli", {{"base", "run"}, {}}}};
  std::map<std::string, UsedEdges> used;
  add_used("base", "#include <fmt/format.h>\n", modules, used["base"]);
  add_used("run", "#include <sqlite3.h>\n#include \"base/errors.h\"\n", modules, used["run"]);
  add_used("cli", "#include \"run/damage.h\"\n", modules, used["cli"]);
  EXPECT_EQ(complaints_of_unused(modules, used),
            std::vector<std::string>{"cli includes nothing of base"});
  used.erase("run");
  used.erase("cli");
  EXPECT_EQ(complaints_of_unused(modules, used),
            (std::vector<std::string>{"cli includes nothing of base", "cli includes nothing of run",
                                      "run includes nothing of base",
                                      "run uses no library header sqlite3.h"}));
}

}  // namespace
}  // namespace virnucpro::test
