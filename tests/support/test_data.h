// Finds the files of tests/data.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace virnucpro::testing_support {

/// The folder in the checkout that was compiled, or the one that the variable VIRNUCPRO_TEST_DATA
/// names, by which test programs that were copied to another machine find their files.
inline std::filesystem::path test_data() {
  const char* other = std::getenv("VIRNUCPRO_TEST_DATA");
  return other == nullptr || *other == '\0' ? VIRNUCPRO_TEST_DATA : other;
}

}  // namespace virnucpro::testing_support
