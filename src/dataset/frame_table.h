// Which frames of which records count: frames.tsv of a dataset.
#pragma once

#include <stop_token>
#include <string>
#include <unordered_map>

#include "base/known_file.h"
#include "sequence/frames.h"

namespace virnucpro {

struct FrameTable {
  std::unordered_map<std::string, FrameMask> frames;  ///< by record id, escaped (base/escape.h)
  FileContent file;                                   ///< what the table was read from
};

/// Reads a tab-separated table with the header `id`, `frame` and a row per frame, plain or
/// compressed. Opened once, so it may be a pipe. Throws Interrupted, and InputError with file, line
/// and what to do: another header, another number of fields, an unknown frame, no row.
FrameTable read_frame_table(const std::string& path, const std::stop_token& stop = {});

}  // namespace virnucpro
