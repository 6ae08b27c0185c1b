// Bytes read as text.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace virnucpro {

/// The same bytes, not copied: valid as long as they are.
inline std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace virnucpro
