#include "base/escape.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace virnucpro {
namespace {

void append_byte(std::string& text, unsigned char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  text += "\\x";
  text += kDigits[byte >> 4];
  text += kDigits[byte & 15];
}

/// Length of the well-formed UTF-8 sequence that starts at `i` (no overlong forms, surrogates or
/// code points above 10FFFF); 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t i) {
  const auto byte = [&](std::size_t k) {
    return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u;
  };
  const auto is_tail = [&](std::size_t k) { return (byte(k) & 0xc0u) == 0x80u; };
  const unsigned lead = byte(0);
  if (lead < 0x80u) return 1;
  if (lead >= 0xc2u && lead <= 0xdfu) return is_tail(1) ? 2 : 0;
  if (lead >= 0xe0u && lead <= 0xefu) {
    if (lead == 0xe0u && byte(1) < 0xa0u) return 0;
    if (lead == 0xedu && byte(1) > 0x9fu) return 0;
    return is_tail(1) && is_tail(2) ? 3 : 0;
  }
  if (lead >= 0xf0u && lead <= 0xf4u) {
    if (lead == 0xf0u && byte(1) < 0x90u) return 0;
    if (lead == 0xf4u && byte(1) > 0x8fu) return 0;
    return is_tail(1) && is_tail(2) && is_tail(3) ? 4 : 0;
  }
  return 0;
}

}  // namespace

void append_escaped(std::string& text, std::string_view id) {
  // Names are nearly always printable ASCII from end to end.
  const auto is_plain = [](char c) { return c >= ' ' && c <= '~'; };
  const auto odd = std::find_if_not(id.begin(), id.end(), is_plain);
  text.append(id.begin(), odd);
  for (auto i = static_cast<std::size_t>(odd - id.begin()); i < id.size();) {
    const auto byte = static_cast<unsigned char>(id[i]);
    const std::size_t length = utf8_length(id, i);
    if (length == 0 || byte < 0x20u || byte == 0x7fu) {
      append_byte(text, byte);
      ++i;
    } else {
      text.append(id, i, length);
      i += length;
    }
  }
}

std::string shown_id(std::string_view id) {
  std::string text;
  std::size_t i = 0;
  while (i < id.size()) {
    const std::size_t length = utf8_length(id, i);
    const std::size_t end = i + std::max(length, std::size_t{1});
    if (end > kShownIdBytes) break;
    const auto byte = static_cast<unsigned char>(id[i]);
    if (length == 0 || byte < 0x20u || byte == 0x7fu) {
      text += '?';
    } else {
      text.append(id, i, length);
    }
    i = end;
  }
  return i < id.size() ? text + "..." : text;
}

std::string escaped(std::string_view id) {
  std::string text;
  append_escaped(text, id);
  return text;
}

}  // namespace virnucpro
