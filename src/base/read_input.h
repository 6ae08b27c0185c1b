// Reads inputs that may be pipes, in work that may be asked to stop.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

#include "base/descriptor.h"

namespace virnucpro {

/// The path that stands for standard input.
inline constexpr const char* kStandardInput = "-";

/// Opens a file, or standard input. Does not wait for the writer of a named pipe. Throws
/// InputError, its text starting with `name`, for what is missing, unreadable or a folder.
Descriptor open_to_read(const std::string& path, const std::string& name);

/// Reads as many bytes as there are, at most those of `buffer`; 0 at the end. Waits for them, and
/// calls `look` (which may throw) before and at least every 100 ms meanwhile. Throws InputError.
std::size_t read_some(const Descriptor& file, std::span<std::byte> buffer, const std::string& name,
                      const std::function<void()>& look);

}  // namespace virnucpro
