// Counts the memory allocations of this test program.
#pragma once

#include <cstddef>

namespace virnucpro::test {

std::size_t allocations_so_far();

}  // namespace virnucpro::test
