# Precompiled headers: what most units include, of the standard library, fmt and GoogleTest, is parsed once.
# Which headers a unit itself must include cannot be seen in such a build: the preset `tsan` builds without, and fails
# where one is missing.
option(VIRNUCPRO_PRECOMPILED_HEADERS "Parse the headers that most units include only once" ON)

# Tests are optimised less than what they test.
function(virnucpro_set_test_flags target)
  if(VIRNUCPRO_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  else()
    target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  endif()
endfunction()

# Takes the headers that `owner` has precompiled, where there are some.
function(virnucpro_use_headers target owner)
  if(TARGET ${owner})
    target_precompile_headers(${target} REUSE_FROM ${owner})
  endif()
endfunction()

# The flags below, and what ccache keeps, are GCC's.
if(NOT VIRNUCPRO_PRECOMPILED_HEADERS OR NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  return()
endif()
set(common_headers
  <algorithm> <array> <atomic> <chrono> <cmath> <cstddef> <cstdint> <cstring> <filesystem> <functional> <limits> <map>
  <memory> <mutex> <optional> <set> <span> <stop_token> <string> <string_view> <system_error> <utility> <variant> <vector>)
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/headers.cc CONTENT "int main() {}\n")  # left alone when it is the same
# GCC bug 105651 once more: what is precompiled counts for a header of ours, not of the system. These warnings, too,
# are left to the build without. ccache asks for the first flag.
target_compile_options(virnucpro_options INTERFACE "$<BUILD_INTERFACE:$<$<COMPILE_LANGUAGE:CXX>:\
-fpch-preprocess;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds>>")
# GCC takes a precompiled header only with the flags that it was made with, so there is one for modules and
# one for tests.
add_library(virnucpro_headers OBJECT ${PROJECT_BINARY_DIR}/headers.cc)
target_link_libraries(virnucpro_headers PRIVATE virnucpro_options fmt::fmt)
target_precompile_headers(virnucpro_headers PRIVATE ${common_headers} <fmt/format.h>)
if(VIRNUCPRO_DEVELOPER)
  add_executable(virnucpro_test_headers ${PROJECT_BINARY_DIR}/headers.cc)
  target_link_libraries(virnucpro_test_headers PRIVATE virnucpro_options GTest::gmock)
  virnucpro_set_test_flags(virnucpro_test_headers)
  target_precompile_headers(virnucpro_test_headers PRIVATE
    ${common_headers} <fstream> <sstream> <gmock/gmock.h> <gtest/gtest.h>)
endif()
