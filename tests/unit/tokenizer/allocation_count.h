// How often this test program has allocated.
#pragma once

#include <cstddef>

namespace virnucpro::test {

/// Calls of operator new since the start, by all threads.
std::size_t allocation_count();

}  // namespace virnucpro::test
