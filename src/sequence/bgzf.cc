#include "sequence/bgzf.h"

#include <htslib/hfile.h>

#include <algorithm>
#include <array>

#include "base/format.h"

namespace virnucpro {
namespace {

using namespace std::string_view_literals;

// Specification of SAM, section 4.1.2.
constexpr std::string_view kEndBlock =
    "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0\x42\x43\x02\0\x1b\0\x03\0\0\0\0\0\0\0\0\0"sv;

}  // namespace

bool has_bgzf_field(std::string_view extra) {
  // A field has two letters, a length of two bytes and as many bytes as that says.
  constexpr std::size_t kFieldHead = 4;
  while (extra.size() >= kFieldHead) {
    if (extra.starts_with("BC\x02\0"sv)) return true;
    const std::size_t length =
        static_cast<unsigned char>(extra[2]) + 256U * static_cast<unsigned char>(extra[3]);
    if (extra.size() < kFieldHead + length) return false;
    extra.remove_prefix(kFieldHead + length);
  }
  return false;
}

bool is_bgzf_header(std::string_view begin) {
  constexpr std::size_t kExtraAt = 12;
  return begin.starts_with("\x1f\x8b\x08\x04"sv) && begin.size() >= kExtraAt &&
         has_bgzf_field(begin.substr(kExtraAt));
}

bool lacks_bgzf_end(std::string_view tail) {
  if (tail.empty() || tail.find_first_not_of('\0') == std::string_view::npos) return false;
  return !tail.ends_with(kEndBlock);
}

bool is_padded_bgzf_end(std::string_view tail) {
  for (std::size_t zeros = 1; zeros <= tail.size(); ++zeros) {
    if ((std::string(kEndBlock) + std::string(zeros, '\0')).ends_with(tail)) return true;
  }
  return false;
}

bool only_zeros_follow(const BGZF& file) {
  if (file.last_block_eof == 0) return false;
  std::array<char, 4096> bytes;
  for (;;) {
    const ssize_t got = hread(file.fp, bytes.data(), bytes.size());
    if (got <= 0) return got == 0;
    if (std::any_of(bytes.data(), bytes.data() + got, [](char c) { return c != 0; })) return false;
  }
}

std::string no_bgzf_end_warning(std::string_view name) {
  return fmt::format(
      "{}: has not the empty block that BGZF files end with. It is read as it is; should records "
      "be "
      "missing at its end, it was cut in writing or copying",
      name);
}

}  // namespace virnucpro
