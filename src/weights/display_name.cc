#include "weights/display_name.h"
#include "base/format.h"

namespace virnucpro {

std::string display_name(std::string_view name) {
  constexpr std::size_t kLongestBytes = 120;  // longer names are hostile; a message stays readable
  std::string text = "'";
  for (const char c : name.substr(0, kLongestBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      text += fmt::format("\\x{:02x}", byte);
    } else {
      text += c;
    }
  }
  if (name.size() > kLongestBytes) text += "...";
  return text + "'";
}

}  // namespace virnucpro
