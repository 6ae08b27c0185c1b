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

namespace {

namespace fs = std::filesystem;

/// What one module may include.
struct Module {
  std::set<std::string> edges;
  std::vector<std::string> headers;  // prefixes of third-party headers
};

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> found;
  // CMake separates list items by semicolons.
  for (std::string word; std::getline(stream, word, ';');) {
    if (!word.empty()) found.push_back(word);
  }
  return found;
}

std::map<std::string, Module> read_modules(const fs::path& folder) {
  std::map<std::string, Module> modules;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    std::ifstream stream(entry.path());
    std::string name;
    Module module;
    for (std::string line; std::getline(stream, line);) {
      if (line.starts_with("module ")) name = line.substr(7);
      if (line.starts_with("edges ")) {
        for (const std::string& edge : words(line.substr(6))) module.edges.insert(edge);
      }
      if (line.starts_with("headers ")) module.headers = words(line.substr(8));
    }
    modules[name] = module;
  }
  return modules;
}

/// The module a path below src/ belongs to: the longest one that is a prefix of its folder.
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

/// What `#include "x"` or `#include <x>` names; nothing for other lines.
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

/// Every complaint about one source text, for the module it lies in.
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
  const fs::path source(VIRNUCPRO_SOURCE_DIR "/src");
  int files = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(source)) {
    const std::string extension = entry.path().extension();
    if (extension != ".h" && extension != ".cc" && extension != ".cu") continue;
    ++files;
    std::ifstream stream(entry.path());
    std::stringstream text;
    text << stream.rdbuf();
    const std::string file = fs::relative(entry.path(), source);
    for (const std::string& complaint : complaints(file, text.str(), modules)) {
      ADD_FAILURE() << complaint;
    }
  }
  EXPECT_GT(files, 50);
}

TEST(Layering, TheRecordedEdgesHaveNoCycle) {
  const std::map<std::string, Module> modules = read_modules(VIRNUCPRO_LAYERING_DIR);
  std::set<std::string> done;
  // Takes away modules whose edges are all done until nothing moves.
  for (std::size_t before = modules.size() + 1; before != modules.size() - done.size();) {
    before = modules.size() - done.size();
    for (const auto& [name, module] : modules) {
      if (std::includes(done.begin(), done.end(), module.edges.begin(), module.edges.end())) {
        done.insert(name);
      }
    }
  }
  for (const auto& [name, module] : modules) EXPECT_TRUE(done.contains(name)) << name;
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

}  // namespace
