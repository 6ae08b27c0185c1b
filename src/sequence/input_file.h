// Opens an input: finds out its bytes, name and format, and whether it is complete at its
// end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "sequence/hts_handles.h"
#include "sequence/input_feed.h"

namespace virnucpro {

enum class InputFormat {
  kText,       ///< FASTA, FASTQ, nothing at all, or text that is neither
  kAlignment,  ///< SAM, BAM or CRAM
};

/// An opened input at its first byte. `feed` fills `stream`, and outlives it.
struct InputFile {
  std::string name;  ///< for messages
  std::unique_ptr<InputFeed> feed;
  HFile stream;
  InputFormat format = InputFormat::kText;
  std::string tail;  ///< its last bytes; empty where it cannot be searched
  // Of a piece: what the file holds before it.
  std::uint64_t records_before = 0;
  std::uint64_t lines_before = 0;
};

/// Throws InputError naming `path` when it is missing, unreadable or a folder, or an address where
/// these are not taken. "-" always passes.
void check_readable(const std::string& path, bool takes_addresses = false);

/// Opens `path` ("-": standard input), once, and tells its format by content, never by its name.
/// Only local files: a path that looks like a URL is a file name. Throws InputError; Interrupted,
/// also while it waits for the first bytes of a pipe.
InputFile open_input(const std::string& path, InputTerms terms = {});

/// The error in the compressed stream, as words for a message.
std::string bgzf_problem(const BGZF& file);

}  // namespace virnucpro
