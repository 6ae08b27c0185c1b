// The largest resident memory of this process, also since a given moment.
#pragma once

#include <cstdint>

namespace virnucpro {

/// Gives freed memory back to the system and starts the peak anew. False where the system cannot:
/// peak_memory() then still is the largest since the start of the process.
bool restart_peak_memory();

/// Bytes, mapped files that are in memory included; 0 where the system does not say.
std::uint64_t peak_memory();

}  // namespace virnucpro
