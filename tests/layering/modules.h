// The modules of src/ as their CMakeLists.txt record them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace virnucpro::test {

/// What one module may include.
struct Module {
  std::set<std::string> edges;
  std::vector<std::string> headers;  ///< prefixes of third-party headers
};

/// The modules by name, from the folder that CMake writes them to.
std::map<std::string, Module> read_modules(const std::string& folder);

/// The height of each module: 1 without edges, else one more than the highest that it includes.
/// Modules on a cycle have none.
std::map<std::string, int> levels_of(const std::map<std::string, Module>& modules);

}  // namespace virnucpro::test
