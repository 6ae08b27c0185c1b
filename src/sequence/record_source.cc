#include "sequence/record_source.h"

#include "base/escape.h"
#include "base/format.h"

namespace virnucpro {
namespace {

std::string record_name(std::uint64_t number, std::string_view id, std::uint64_t line) {
  const std::string shown = shown_id(id);
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
