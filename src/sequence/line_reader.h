// The lines of a text file, plain or compressed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "sequence/text_input.h"

namespace virnucpro {

/// Reads plain, gzip and bgzip files, as TextInput gives them: lines may end in "\n", "\r\n" or, in
/// the whole file, "\r". Memory: fixed buffers and one line. Throws InputError, its text beginning
/// with file and line, for a file that is unreadable, cut or has an endless line; ChangedInput for
/// one that changes while it is read; Interrupted. One thread at a time.
class LineReader {
 public:
  explicit LineReader(const std::string& path, Log log = {}, InputTerms terms = {});

  /// The text's first bytes, some 64 KiB. Until the first next().
  std::string_view head() const { return text_.head(); }
  /// Overwrites `line`, without its end. False: the file has ended as it should.
  bool next(std::string& line);

  /// The number of the line that next() gave last, from 1; 0 before the first.
  std::uint64_t number() const { return number_; }

  /// The file as it was read; valid after the last line.
  const KnownFile& file();

  /// "<file>: line <number>: <problem>".
  std::string message(std::uint64_t number, std::string_view problem) const;
  /// Throws InputError with that message, unless the file has changed.
  [[noreturn]] void fail(std::uint64_t number, std::string_view problem) const;

 private:
  LineReader(InputFile input, Log log);
  bool refill();

  std::unique_ptr<InputFeed> feed_;
  TextInput text_;  // reads what the feed gives
  std::string buffer_;
  std::size_t position_ = 0;
  std::uint64_t number_ = 0;
};

}  // namespace virnucpro
