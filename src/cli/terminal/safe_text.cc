#include "cli/terminal/safe_text.h"
#include "base/format.h"

#include <cstddef>
#include <cstdint>
#include <iterator>

namespace virnucpro::cli {
namespace {

struct Decoded {
  std::uint32_t point = 0;
  std::size_t length = 0;  // 0: this is not UTF-8
};

// Decodes one character by the rules of RFC 3629: shortest form, no surrogates, at most U+10FFFF.
Decoded decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return {first, 1};
  std::size_t length = 0;
  std::uint32_t point = 0;
  std::uint32_t lowest = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2, point = first & 0x1Fu, lowest = 0x80;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3, point = first & 0x0Fu, lowest = 0x800;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4, point = first & 0x07u, lowest = 0x10000;
  }
  if (length == 0 || text.size() < length) return {};
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0u) != 0x80) return {};
    point = (point << 6) | (byte(i) & 0x3Fu);
  }
  if (point < lowest || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {};
  return {point, length};
}

bool is_unsafe(std::uint32_t point) {
  if (point < 0x20 || (point >= 0x7F && point <= 0x9F)) return true;
  // Line separators, and marks that change the direction of writing, which can hide text.
  return point == 0x200E || point == 0x200F || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069);
}

}  // namespace

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Decoded character = decode(text);
    const std::size_t length = character.length == 0 ? 1 : character.length;
    if (character.length == 0) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text[0]));
    } else if (!is_unsafe(character.point)) {
      out.append(text.substr(0, length));
    } else if (character.point == '\n') {
      out += "\\n";
    } else if (character.point == '\r') {
      out += "\\r";
    } else if (character.point == '\t') {
      out += "\\t";
    } else if (character.point < 0x80) {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", character.point);
    } else {
      fmt::format_to(std::back_inserter(out), "\\u{{{:04x}}}", character.point);
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : escape_controls(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

}  // namespace virnucpro::cli
