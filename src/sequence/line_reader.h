// The lines of a text file, plain or compressed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sequence/input_file.h"

namespace virnucpro {

/// Reads plain, gzip and bgzip files. Memory: a fixed buffer and the line. Throws InputError, its
/// text starting with file and line, for what cannot be read, is cut, or has an endless line.
/// One thread at a time.
class LineReader {
 public:
  explicit LineReader(const std::string& path);

  /// Overwrites `line`, its end ("\n" or "\r\n") left out. False: the file ended as it should.
  bool next(std::string& line);

  /// Of the line that next() gave last, from 1; 0 before the first.
  std::uint64_t number() const { return number_; }

  /// Throws InputError: "<file>: line <number>: <problem>".
  [[noreturn]] void fail(std::uint64_t number, std::string_view problem) const;

 private:
  bool refill();

  std::string name_;
  BgzfFile file_;
  std::string buffer_;
  std::size_t position_ = 0;
  std::uint64_t number_ = 0;
};

/// Whether the text of a file, decompressed where needed, begins with `text`. Throws InputError.
bool begins_with(const std::string& path, std::string_view text);

}  // namespace virnucpro
