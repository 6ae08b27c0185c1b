# Compares what the shared library exports with the list beside it in the tree: nothing leaves it, or
# goes from it, unseen.
#   cmake -DLIBRARY=... -DLIST=.../symbols.txt [-DWRITE=ON] -P symbols_test.cmake
execute_process(COMMAND nm -D --defined-only --with-symbol-versions -C ${LIBRARY}
  OUTPUT_VARIABLE text RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "nm cannot read ${LIBRARY}")
endif()
string(REGEX REPLACE "[;[]" "" text "${text}")
string(REPLACE "]" "" text "${text}")
string(REPLACE "\n" ";" lines "${text}")
set(found "")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "^[0-9a-f]+ . " "" line "${line}")
  # The name of the node itself is no symbol that can be used.
  if(line AND NOT line MATCHES "^VIRNUCPRO_[0-9.]+(@|$)")
    list(APPEND found "${line}")
  endif()
endforeach()
list(REMOVE_DUPLICATES found)
list(SORT found)
string(REPLACE ";" "\n" found "${found}")
if(WRITE)
  file(WRITE ${LIST} "${found}\n")
  return()
endif()
file(READ ${LIST} expected)
if(NOT "${found}\n" STREQUAL expected)
  message(FATAL_ERROR "${LIBRARY} exports\n${found}\n\nwhere ${LIST} has\n${expected}\n"
    "If that is meant: cmake -DWRITE=ON -DLIBRARY=${LIBRARY} -DLIST=${LIST} -P tests/install/symbols_test.cmake")
endif()
