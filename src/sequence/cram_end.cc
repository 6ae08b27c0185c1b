#include "sequence/cram_end.h"

#include <string>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

using namespace std::string_view_literals;

// Specification of CRAM, section 9.
constexpr std::string_view kEnd3 =
    "\x0f\0\0\0\xff\xff\xff\xff\x0f\xe0\x45\x4f\x46\0\0\0\0\x01\0\x05\xbd\xd9\x4f\0\x01\0\x06\x06"
    "\x01\0\x01\0\x01\0\xee\x63\x01\x4b"sv;
constexpr std::string_view kEnd21 =
    "\x0b\0\0\0\xff\xff\xff\xff\x0f\xe0\x45\x4f\x46\0\0\0\0\x01\0\0\x01\0\x06\x06\x01\0\x01\0\x01"
    "\0"sv;
static_assert(kEnd3.size() == kCramEndBytes && kEnd21.size() == 30);

/// Early writers of CRAM coded the upper four bits of this byte in another way.
constexpr std::size_t kLooseByte = 8;

}  // namespace

bool lacks_cram_end(const htsFormat& format, std::string_view tail) {
  const auto [major, minor] = format.version;
  if (tail.empty() || major < 2 || (major == 2 && minor == 0)) return false;
  const std::string_view mark = major == 2 ? kEnd21 : kEnd3;
  if (tail.size() < mark.size()) return true;
  std::string end(tail.substr(tail.size() - mark.size()));
  end[kLooseByte] = static_cast<char>(end[kLooseByte] & 0x0f);
  return end != mark;
}

std::string judge_no_cram_end(const htsFormat& format, const std::string& place) {
  constexpr int kRequiredFrom = 3;
  if (format.version.major >= kRequiredFrom) {
    throw InputError(
        fmt::format("{}: the file ends early: its end mark is missing, so it was cut in writing or "
                    "copying. Copy it again.",
                    place));
  }
  return fmt::format(
      "{}: has no end mark. It is read as it is; should records be missing at its end, it was cut "
      "in writing or copying",
      place);
}

}  // namespace virnucpro
