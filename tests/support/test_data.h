// Where the files of tests/data are.
#pragma once

#include <cstdlib>
#include <filesystem>

namespace virnucpro::testing_support {

/// That of the checkout which was compiled, or what the environment's VIRNUCPRO_TEST_DATA names:
/// test programs that were copied to another machine find their files by it.
inline std::filesystem::path test_data() {
  const char* other = std::getenv("VIRNUCPRO_TEST_DATA");
  return other == nullptr || *other == '\0' ? VIRNUCPRO_TEST_DATA : other;
}

}  // namespace virnucpro::testing_support
