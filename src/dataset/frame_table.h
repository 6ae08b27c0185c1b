// Which frames of which records count: frames.tsv of a dataset.
#pragma once

#include <string>
#include <unordered_map>

#include "sequence/frames.h"

namespace virnucpro {

/// By record id, escaped (base/escape.h).
using FrameTable = std::unordered_map<std::string, FrameMask>;

/// A table with tabs and the head `id`, `frame`, a row for each frame; plain or compressed. Throws
/// InputError with file, line and what to do: another head, another number of fields, a name that
/// is no frame, no row.
FrameTable read_frame_table(const std::string& path);

}  // namespace virnucpro
