// How a text file begins: marks, encodings, ends of lines. Shared by all readers of text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace virnucpro {

struct TextBegin {
  std::size_t mark_bytes = 0;            ///< of a UTF-8 byte order mark, to be skipped
  const char* other_encoding = nullptr;  ///< its name for iconv; null: none seen
  bool ends_lines_with_cr = false;       ///< with a carriage return alone, as old Mac OS did
};

/// Takes a text's first bytes. Some 64 KiB tell how lines end; a longer first line stays as it is.
TextBegin look_at_text(std::string_view head);

/// What to do about text in another encoding, as a sentence that follows "<file>: ".
std::string other_encoding_problem(const char* encoding);

/// Turns every "\r\n" and "\r" into "\n" in text that comes in pieces.
class LineEnds {
 public:
  /// Rewrites `size` bytes in place and returns how many remain.
  std::size_t unify(char* bytes, std::size_t size);

 private:
  bool after_return_ = false;
};

/// The whole text without its byte order mark, every line ended by "\n".
std::string plain_text(std::string text);

}  // namespace virnucpro
