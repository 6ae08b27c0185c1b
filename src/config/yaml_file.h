// A YAML settings file as a flat list of keys and texts; the only user of the YAML library.
#pragma once

#include <string>
#include <vector>

namespace virnucpro {

/// One `key: value` of the file. `line` counts from 1; `quoted` is true for "8" and '8', which are
/// texts and never numbers.
struct YamlEntry {
  std::string key;
  std::string value;
  int line = 0;
  bool quoted = false;
};

/// The entries in the order of the file; empty for an empty file. Throws ConfigError with file,
/// line and key for a file that cannot be read, is not YAML or not a mapping of plain values, or
/// has a key twice.
std::vector<YamlEntry> read_yaml_file(const std::string& path);

/// The same for text in memory; messages name `path`.
std::vector<YamlEntry> parse_yaml(const std::string& text, const std::string& path);

}  // namespace virnucpro
