// Bytes as text of 64 letters.
#pragma once

#include <string>
#include <string_view>

namespace virnucpro {

/// RFC 4648 with padding, without line ends.
std::string base64(std::string_view bytes);

}  // namespace virnucpro
