# One library per module, with the modules it may include ("edges") and the third-party headers it may use.
# The edges are written to <build>/layering/<name>.txt; the test `layering` reads every #include against them.

set(VIRNUCPRO_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                       -Wcast-align -Wnull-dereference -Wimplicit-fallthrough)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overlapping copies in `"text" + std::string` at -O3 (GCC bug 105651).
  list(APPEND VIRNUCPRO_WARNINGS -Wno-restrict)
  # GCC tidies its memory from 128 MiB on, again and again; from 512 MiB on (here in KiB) hardly ever: a tenth less time for a fifth
  # more memory.
  add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:--param=ggc-min-heapsize=524288>")
endif()
add_library(virnucpro_options INTERFACE)
target_include_directories(virnucpro_options INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src>)
target_compile_definitions(virnucpro_options INTERFACE
  $<BUILD_INTERFACE:SPDLOG_FMT_EXTERNAL SPDLOG_COMPILED_LIB>)
if(VIRNUCPRO_DEVELOPER)
  target_compile_options(virnucpro_options INTERFACE $<BUILD_INTERFACE:${VIRNUCPRO_WARNINGS};-Werror>)
endif()
if(VIRNUCPRO_SANITIZE)
  # GCC and clang tell of sanitizers in different ways; tests that cannot run under them ask this.
  target_compile_definitions(virnucpro_options INTERFACE $<BUILD_INTERFACE:VIRNUCPRO_SANITIZED>)
  target_compile_options(virnucpro_options INTERFACE
    $<BUILD_INTERFACE:-fsanitize=${VIRNUCPRO_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>)
  target_link_options(virnucpro_options INTERFACE $<BUILD_INTERFACE:-fsanitize=${VIRNUCPRO_SANITIZE}>)
  # Tests start programs thousands of times, and each time half of it was to move the tables of a sanitizer to where the
  # program had been loaded: it is at one address.
  target_link_options(virnucpro_options INTERFACE
    $<BUILD_INTERFACE:$<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>>)
  if(VIRNUCPRO_SANITIZE MATCHES "address")
    # What these two checks of UndefinedBehaviorSanitizer find ends with AddressSanitizer's message as soon as it is used; they take
    # a sixth of the time to compile.
    target_compile_options(virnucpro_options INTERFACE $<BUILD_INTERFACE:-fno-sanitize=null$<COMMA>object-size>)
  endif()
endif()
if(VIRNUCPRO_FUZZ)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "VIRNUCPRO_FUZZ needs clang: -DCMAKE_CXX_COMPILER=clang++")
  endif()
  # Every module counts its branches for libFuzzer; only the programs of tests/fuzz link the fuzzer.
  target_compile_options(virnucpro_options INTERFACE $<BUILD_INTERFACE:-fsanitize=fuzzer-no-link>)
  target_link_options(virnucpro_options INTERFACE $<BUILD_INTERFACE:-fsanitize=fuzzer-no-link>)
endif()

include(VirnucproHeaders)
option(VIRNUCPRO_UNITY_BUILD "Compile the files of a module several at a time" OFF)
# These two judge a file by what stands before it; builds of each file by itself have them.
target_compile_options(virnucpro_options INTERFACE
  "$<BUILD_INTERFACE:$<$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>:-Wno-shadow;-Wno-subobject-linkage>>")

# What an earlier configuration recorded may be of modules that are gone.
file(REMOVE_RECURSE ${PROJECT_BINARY_DIR}/layering)

# virnucpro_add_module(backend/cpu EDGES backend ops tensor base LIBRARIES DNNL::dnnl HEADERS dnnl.hpp hwy/)
#   EDGES      modules it may include, besides itself
#   LIBRARIES  third-party targets
#   OWN_FLAGS  it is compiled in another way than the other modules
#   SEPARATE   no two of its files are compiled at a time: they name what is their own alike
#   HEADERS    prefixes of third-party headers it may include (no other module may, unless it lists them too)
function(virnucpro_add_module path)
  cmake_parse_arguments(ARG "OWN_FLAGS;SEPARATE" "" "EDGES;LIBRARIES;HEADERS" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(sources)
    add_library(virnucpro_${name} STATIC ${sources})
    set(visibility PUBLIC)
    if(NOT ARG_OWN_FLAGS)
      virnucpro_use_headers(virnucpro_${name} virnucpro_headers)
    endif()
    if(VIRNUCPRO_UNITY_BUILD AND NOT ARG_OWN_FLAGS AND NOT ARG_SEPARATE)
      # Enough files to parse a header of templates once for most of them, and few enough for two cores to share a module.
      set_target_properties(virnucpro_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
    endif()
  else()
    add_library(virnucpro_${name} INTERFACE)
    set(visibility INTERFACE)
  endif()
  add_library(virnucpro::${name} ALIAS virnucpro_${name})
  target_link_libraries(virnucpro_${name} ${visibility} virnucpro_options ${ARG_LIBRARIES})
  foreach(edge ${ARG_EDGES})
    string(REPLACE "/" "_" edge_name ${edge})
    target_link_libraries(virnucpro_${name} ${visibility} virnucpro::${edge_name})
  endforeach()
  set_target_properties(virnucpro_${name} PROPERTIES EXPORT_NAME ${name})
  virnucpro_record_module(${path} EDGES ${ARG_EDGES} HEADERS ${ARG_HEADERS})
endfunction()

# Writes down what a module may include, for the test `layering`.
function(virnucpro_record_module path)
  cmake_parse_arguments(ARG "" "" "EDGES;HEADERS" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  file(WRITE ${PROJECT_BINARY_DIR}/layering/${name}.txt
       "module ${path}\nedges ${ARG_EDGES}\nheaders ${ARG_HEADERS}\n")
endfunction()

# virnucpro_add_test(unit_sequence LABEL unit DIRECTORY unit/sequence MODULES sequence)
#   One GoogleTest program from every *_test.cc of the folder; tests are found after the build.
#   SEPARATE   no two of its files are compiled at a time: they name what is their own alike
#   ALONE      these files are not compiled with others
function(virnucpro_add_test name)
  cmake_parse_arguments(ARG "SEPARATE" "LABEL;DIRECTORY;TIMEOUT" "MODULES;LIBRARIES;DEFINITIONS;ALONE" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_DIRECTORY}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(${name} ${sources})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE virnucpro_options GTest::gmock GTest::gtest_main ${ARG_LIBRARIES})
  target_compile_definitions(${name} PRIVATE
    VIRNUCPRO_SOURCE_DIR="${PROJECT_SOURCE_DIR}" VIRNUCPRO_TEST_DATA="${CMAKE_CURRENT_SOURCE_DIR}/data" ${ARG_DEFINITIONS})
  foreach(module ${ARG_MODULES})
    string(REPLACE "/" "_" module_name ${module})
    target_link_libraries(${name} PRIVATE virnucpro::${module_name})
  endforeach()
  # What is tested is optimised, the tests themselves need not be: a third less to compile.
  virnucpro_set_test_flags(${name})
  virnucpro_use_headers(${name} virnucpro_test_headers)
  if(VIRNUCPRO_UNITY_BUILD AND NOT ARG_SEPARATE)
    # Fewer than of a module: these files are larger, and more often changed one at a time.
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 4)
    list(TRANSFORM ARG_ALONE PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_DIRECTORY}/)
    set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  if(VIRNUCPRO_SANITIZE)
    math(EXPR ARG_TIMEOUT "5 * ${ARG_TIMEOUT}")  # ThreadSanitizer takes up to 15 times as long
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()
