#include "report/natural_key.h"

#include <cstddef>

namespace virnucpro {
namespace {

/// Ends a text, and sorts before every byte of one, so that "a" comes before "ab".
constexpr char kEndOfText = '\x01';

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The number as so many hexadecimal digits: for each name of a table, and so without a format.
void append_hex(std::string& key, std::uint64_t number, std::size_t digits) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (std::size_t i = digits; i > 0; --i) key += kDigits[number >> (4 * (i - 1)) & 15];
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

void append_natural_key(std::string& key, std::string_view name, std::uint64_t ordinal) {
  // Texts and numbers take turns, a text first, even an empty one.
  for (std::size_t at = 0;;) {
    for (; at < name.size() && !is_digit(name[at]); ++at) key += lower(name[at]);
    key += kEndOfText;
    if (at == name.size()) break;
    while (at < name.size() && name[at] == '0') ++at;
    const std::size_t begin = at;
    while (at < name.size() && is_digit(name[at])) ++at;
    // More digits make a larger number, and as many compare digit by digit.
    append_hex(key, at - begin, 8);
    key += name.substr(begin, at - begin);
  }
  // Where another name goes on with a number, this one is over: it comes first.
  key += kEndOfText;
  append_hex(key, ordinal, 16);
}

}  // namespace virnucpro
