// Counts the calls of operator new by this test program and every library in it.
#pragma once

#include <cstdint>

namespace virnucpro {

/// Since the start, of all threads. Memory taken by malloc alone does not count.
std::int64_t allocations_so_far();

}  // namespace virnucpro
