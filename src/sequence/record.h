// One input sequence as the pipeline sees it.
#pragma once

#include <cstdint>
#include <string>

namespace virnucpro {

/// A record read from an input file. Work is keyed by `ordinal`, never by `id`: duplicate ids are
/// data. An empty `id` or empty `bases` is data too.
struct Record {
  std::uint64_t ordinal = 0;  ///< number over all input files, from 0, in input order
  std::string id;             ///< header up to the first white space
  std::string bases;          ///< letters as in the file, case kept, white space removed
  std::uint64_t line = 0;     ///< line of the header, from 1; 0 where the format has no lines
  std::uint32_t file = 0;     ///< index into the reader's paths
};

}  // namespace virnucpro
