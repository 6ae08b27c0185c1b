#include "layering/modules.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace virnucpro::test {
namespace {

std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> found;
  // CMake separates list items by semicolons.
  for (std::string word; std::getline(stream, word, ';');) {
    if (!word.empty()) found.push_back(word);
  }
  return found;
}

}  // namespace

std::map<std::string, Module> read_modules(const std::string& folder) {
  std::map<std::string, Module> modules;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
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

std::map<std::string, int> levels_of(const std::map<std::string, Module>& modules) {
  std::map<std::string, int> levels;
  for (bool moves = true; moves;) {
    moves = false;
    for (const auto& [name, module] : modules) {
      if (levels.contains(name)) continue;
      int highest = 0;
      const bool is_known =
          std::all_of(module.edges.begin(), module.edges.end(), [&](const std::string& edge) {
            const auto level = levels.find(edge);
            if (level == levels.end()) return false;
            highest = std::max(highest, level->second);
            return true;
          });
      if (!is_known) continue;
      levels[name] = highest + 1;
      moves = true;
    }
  }
  return levels;
}

}  // namespace virnucpro::test
