# Compiles headers of src/ and include/ on their own: each must include what it uses. Those that their own file, x.h
# of x.cc, includes before all else are left out: every build of each file by itself, as the preset tsan makes, compiles
# them so, but for src/api and the CUDA plug-in, which that preset leaves out (Layering.TheProgramHasAllModules...).
#   cmake -DCOMPILER=g++ -DFLAGS="..." -DSOURCE=... -DWORK=... -DSHARD=0 -DSHARDS=2 -P headers_alone.cmake
# With -DCUDA_INCLUDE=/usr/local/cuda/include those of the CUDA plug-in, too.
# With -DLAUNCHER=ccache a header that has not changed, nor any of its own, takes no time: ccache keeps
# objects, so one is made, and nothing for -fsyntax-only.
# Headers named *-inl.h are compiled once per instruction set by the file that includes them.
file(GLOB_RECURSE headers ${SOURCE}/src/*.h ${SOURCE}/include/*.h)
list(FILTER headers EXCLUDE REGEX "-inl\\.h$")
if(NOT CUDA_INCLUDE)  # those of the plug-in need CUDA's headers
  list(FILTER headers EXCLUDE REGEX "/backend/cuda/device/")
endif()
list(LENGTH headers count)
if(count LESS 50)
  message(FATAL_ERROR "only ${count} headers found below ${SOURCE}")
endif()
foreach(header ${headers})
  string(REGEX REPLACE "\\.h$" ".cc" own_file ${header})
  if(NOT EXISTS ${own_file} OR own_file MATCHES "/src/(api|backend/cuda/device)/")
    continue()
  endif()
  file(STRINGS ${own_file} first LIMIT_COUNT 1 REGEX "^#include")
  file(RELATIVE_PATH name ${SOURCE}/src ${header})
  if(first STREQUAL "#include \"${name}\"")
    list(REMOVE_ITEM headers ${header})
  endif()
endforeach()
list(LENGTH headers count)
separate_arguments(FLAGS)
set(cuda_flags ${CUDA_INCLUDE})
list(TRANSFORM cuda_flags PREPEND -I)
set(failed 0)
set(index 0)
foreach(header ${headers})
  math(EXPR shard "${index} % ${SHARDS}")
  math(EXPR index "${index} + 1")
  if(NOT shard EQUAL SHARD)
    continue()
  endif()
  execute_process(
    COMMAND ${LAUNCHER} ${COMPILER} -std=c++20 -c -I${SOURCE}/src -I${SOURCE}/include ${FLAGS} ${cuda_flags}
            -x c++ -include ${header} /dev/null -o ${WORK}/header_${SHARD}.o
    RESULT_VARIABLE result ERROR_VARIABLE text)
  if(NOT result EQUAL 0)
    message("${header} does not compile alone:\n${text}")
    math(EXPR failed "${failed} + 1")
  endif()
endforeach()
if(failed GREATER 0)
  message(FATAL_ERROR "${failed} of ${count} headers do not compile alone")
endif()
message("a share of ${count} headers compiles alone")
