// The bytes of a text file in the form its parsers need.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/text_begin.h"
#include "sequence/input_file.h"

namespace virnucpro {

class Decompressor;

/// A text file, plain, gzip or bgzip, comes decompressed and without a byte order mark; where its
/// lines end in "\r" alone, they end in "\n". What formats leave optional is no damage: BGZF
/// without its last, empty block, and zeros after compressed data, give a warning. Memory: fixed
/// buffers. One thread at a time.
class TextInput {
 public:
  /// Reads the beginning. Throws InputError for text in UTF-16 and for known kinds of files that
  /// are not text, saying what to do; `expected` names what can be read here.
  TextInput(InputFile input, std::string_view expected, Log log);
  ~TextInput();
  TextInput(TextInput&&) noexcept;
  TextInput& operator=(TextInput&&) noexcept;

  const std::string& name() const { return name_; }
  /// The first bytes, some 64 KiB; fewer where the text ends earlier. Valid until the first read().
  std::string_view head() const { return head_; }

  /// False where marks were left out or ends of lines changed: then read() gives other bytes than
  /// the file.
  bool is_verbatim() const { return is_verbatim_; }

  /// Returns 0 at the end of the text, or on damage: then problem() is not empty.
  std::size_t read(char* out, std::size_t size);
  /// The error, as words for a message.
  const std::string& problem() const;

 private:
  std::string name_;
  std::unique_ptr<Decompressor> bytes_;
  std::string head_;
  std::size_t taken_ = 0;  ///< of head_
  bool ends_lines_with_cr_ = false;
  bool is_verbatim_ = true;
  LineEnds line_ends_;
};

}  // namespace virnucpro
