// The largest resident memory of this process, from its start or from a given moment on.
#pragma once

#include <cstdint>

namespace virnucpro {

/// Gives freed memory back to the system and starts the peak anew. False where the system cannot do
/// so: then peak_memory() is still the largest since the start of the process.
bool restart_peak_memory();

/// Bytes, including mapped files that are in memory; 0 where the system does not say.
std::uint64_t peak_memory();

}  // namespace virnucpro
