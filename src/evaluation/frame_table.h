// Which frames of which records count, as `virnucpro dataset` writes it down.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

namespace virnucpro {

/// By record id; bit 0 to 5 of the value: F1 F2 F3 R1 R2 R3.
using FrameTable = std::unordered_map<std::string, std::uint8_t>;

/// A table with tabs and the head `id`, `frame`, a row for each frame. Throws InputError with file,
/// line and what to do: another head, another number of fields, a name that is no frame, no row.
FrameTable read_frame_table(const std::string& path);

}  // namespace virnucpro
