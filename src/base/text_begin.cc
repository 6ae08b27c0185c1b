#include "base/text_begin.h"

#include <algorithm>
#include <array>

#include "base/format.h"

namespace virnucpro {
namespace {

using namespace std::string_view_literals;

struct Mark {
  std::string_view bytes;
  const char* encoding;
};

// The mark of UTF-32 begins like that of UTF-16, so it comes first.
constexpr std::array<Mark, 4> kOtherMarks = {{{"\xff\xfe\0\0"sv, "UTF-32"},
                                              {"\0\0\xfe\xff"sv, "UTF-32"},
                                              {"\xff\xfe"sv, "UTF-16"},
                                              {"\xfe\xff"sv, "UTF-16"}}};

bool is_ascii_text(char c) { return (c >= ' ' && c <= '~') || (c >= '\t' && c <= '\r'); }

/// The encoding of text without a mark: its first characters are ASCII, with a zero beside each.
const char* unmarked_encoding(std::string_view head) {
  constexpr std::size_t kLeastBytes = 4;  // ">a" would do, but binary data often has 2 such bytes
  constexpr std::size_t kLookedBytes = 32;
  const std::size_t size = std::min(head.size() / 2 * 2, kLookedBytes);
  if (size < kLeastBytes) return nullptr;
  bool is_little = true;
  bool is_big = true;
  for (std::size_t i = 0; i < size; i += 2) {
    is_little = is_little && is_ascii_text(head[i]) && head[i + 1] == '\0';
    is_big = is_big && head[i] == '\0' && is_ascii_text(head[i + 1]);
  }
  return is_little ? "UTF-16LE" : is_big ? "UTF-16BE" : nullptr;
}

}  // namespace

TextBegin look_at_text(std::string_view head) {
  TextBegin begin;
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  if (head.starts_with(kMark)) begin.mark_bytes = kMark.size();
  for (const Mark& mark : kOtherMarks) {
    if (begin.other_encoding == nullptr && head.starts_with(mark.bytes)) {
      begin.other_encoding = mark.encoding;
    }
  }
  if (begin.other_encoding == nullptr) begin.other_encoding = unmarked_encoding(head);
  // Where there is any "\n", a lone "\r" is a byte within a line, as it is for other programs.
  begin.ends_lines_with_cr =
      head.find('\r') != std::string_view::npos && head.find('\n') == std::string_view::npos;
  return begin;
}

std::string other_encoding_problem(const char* encoding) {
  return fmt::format(
      "is text in {}, expected UTF-8 or ASCII. Convert it: iconv -f {} -t UTF-8 FILE > NEW_FILE",
      encoding, encoding);
}

std::size_t LineEnds::unify(char* bytes, std::size_t size) {
  char* out = bytes;
  for (std::size_t i = 0; i < size; ++i) {
    const char c = bytes[i];
    const bool is_second = c == '\n' && after_return_;
    after_return_ = c == '\r';
    if (!is_second) *out++ = after_return_ ? '\n' : c;
  }
  return static_cast<std::size_t>(out - bytes);
}

std::string plain_text(std::string text) {
  text.erase(0, look_at_text(text).mark_bytes);
  text.resize(LineEnds().unify(text.data(), text.size()));
  return text;
}

}  // namespace virnucpro
