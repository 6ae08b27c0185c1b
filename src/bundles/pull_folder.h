// The folder that models are pulled into: its lock, its room, and what killed pulls have left
// there.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/descriptor.h"

namespace virnucpro {

/// Held while a folder is pulled into, so that two processes do not make the same files. Throws
/// OutputError.
Descriptor lock_of(const std::string& folder);

/// What a process left that was killed while it made the bundle `bundle` in `folder`. To be called
/// under the lock: nobody else makes it now.
void remove_left_overs(const std::string& folder, const std::string& bundle);

/// The bytes on the disk of a file; 0 where there is none.
std::uint64_t room_of(const std::string& path);

/// The bytes that are free for this user where a folder lies; absent where the system does not say.
std::optional<std::uint64_t> free_room(const std::string& folder);

}  // namespace virnucpro
