#include "sequence/record_source.h"
#include "base/format.h"

#include <algorithm>
#include <cstddef>

namespace virnucpro {
namespace {

// Long enough to recognise any real name, short enough for one line of a terminal.
constexpr std::size_t kShownIdBytes = 60;

std::string record_name(std::uint64_t number, std::string_view id, std::uint64_t line) {
  std::string shown(id.substr(0, kShownIdBytes));
  std::replace_if(
      shown.begin(), shown.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  if (id.size() > kShownIdBytes) shown += "...";
  if (line == 0) return fmt::format("record {} ('{}')", number, shown);
  return fmt::format("record {} ('{}', line {})", number, shown, line);
}

}  // namespace

std::string record_place(std::string_view file, std::uint64_t number, std::string_view id,
                         std::uint64_t line) {
  return fmt::format("{}: {}", file, record_name(number, id, line));
}

std::string place_after(std::string_view file, std::uint64_t number, std::string_view id,
                        std::uint64_t line) {
  if (number == 0) return fmt::format("{}: before the first record", file);
  return fmt::format("{}: after {}", file, record_name(number, id, line));
}

std::string byte_name(unsigned char byte) {
  if (byte > 0x20 && byte < 0x7f) return fmt::format("'{}'", static_cast<char>(byte));
  return fmt::format("byte 0x{:02x}", byte);
}

}  // namespace virnucpro
