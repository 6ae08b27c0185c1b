// How much memory this process may still take.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace virnucpro {

/// Bytes that the machine has available without swapping, and at most what every memory control
/// group of this process has left (version 1 and 2; cached files that can be dropped do not count
/// as taken). Absent where the system does not say. `root` goes before every path; tests set it.
std::optional<std::uint64_t> available_memory(const std::string& root = "");

/// True once this process has taken nearly all addresses that it may (RLIMIT_AS): then the lack of
/// memory may be the cause of a library's error, whatever its text says.
bool has_reached_memory_limit();

}  // namespace virnucpro
