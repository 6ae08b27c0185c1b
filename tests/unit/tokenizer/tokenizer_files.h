// Finds the files of the tokenizer tests.
#pragma once

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace virnucpro::test {

inline std::string test_data(const std::string& name) {
  return std::string(VIRNUCPRO_TEST_DATA) + "/tokenizer/" + name;
}

/// A file of the folder with published weights and genomes, which is not part of the project.
inline std::string shared_file(const std::string& name) {
  const char* folder = std::getenv("VIRNUCPRO_SHARED");
  return (folder != nullptr ? folder : std::string(VIRNUCPRO_SOURCE_DIR) + "/../shared") + "/" +
         name;
}

inline bool file_exists(const std::string& path) { return std::ifstream(path).good(); }

inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot open " + path);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

}  // namespace virnucpro::test
