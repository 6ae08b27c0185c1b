// How text that people have made begins: marks, encodings, ends of lines. For every reader of text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace virnucpro {

struct TextBegin {
  std::size_t mark_bytes = 0;            ///< of a UTF-8 byte order mark, to be passed over
  const char* other_encoding = nullptr;  ///< as iconv calls it: its bytes are no text here
  bool ends_lines_with_cr = false;       ///< with a carriage return alone, as old Mac OS did
};

/// Of a text's first bytes. Some 64 KiB tell how lines end: a longer first line is taken as it is.
TextBegin look_at_text(std::string_view head);

/// What to do about text in another encoding, a sentence behind "<file>: ".
std::string other_encoding_problem(const char* encoding);

/// Makes "\n" of every "\r\n" and every "\r" in what comes in pieces.
class LineEnds {
 public:
  /// Rewrites `size` bytes in place and returns how many are left.
  std::size_t unify(char* bytes, std::size_t size);

 private:
  bool after_return_ = false;
};

/// A whole text without its mark and with "\n" alone.
std::string plain_text(std::string text);

}  // namespace virnucpro
