// Sizes of files, memory and disks in messages.
#pragma once

#include <cstdint>
#include <string>

#include "base/format.h"

namespace virnucpro {

/// "5.68 GB", "16.4 GB": of 1e9 bytes; hundredths only where they say something.
inline std::string gigabytes(std::uint64_t bytes) {
  const double size = static_cast<double>(bytes) / 1e9;
  return fmt::format("{:.{}f} GB", size, size < 10.0 ? 2 : 1);
}

}  // namespace virnucpro
