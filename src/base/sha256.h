// SHA-256 of bytes and files, as lower-case hexadecimal.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace virnucpro {

/// 64 hexadecimal digits. Thread-safe.
std::string sha256_hex(std::span<const std::byte> bytes);

/// Of a file's content, read in pieces. Throws ModelError naming the file when it cannot be read.
std::string sha256_file(const std::string& path);

}  // namespace virnucpro
