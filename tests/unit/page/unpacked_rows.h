// Unpacks a block of report.html, as the page's script does.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "page/row_block.h"

namespace virnucpro::test {

inline std::string from_base64(std::string_view text) {
  std::string bytes;
  std::uint32_t word = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    const std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const std::size_t value = letters.find(c);
    EXPECT_NE(value, std::string_view::npos) << c;
    word = word << 6 | static_cast<std::uint32_t>(value);
    if ((bits += 6) < 8) continue;
    bits -= 8;
    bytes += static_cast<char>(word >> bits & 0xff);
  }
  return bytes;
}

inline std::string inflated(const std::string& packed) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, -15), Z_OK);
  std::string in = packed;
  std::string bytes(std::size_t{1} << 24, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(bytes.data());
  stream.avail_out = static_cast<uInt>(bytes.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  bytes.resize(stream.total_out);
  inflateEnd(&stream);
  return bytes;
}

/// The columns of a block.
inline std::vector<std::string> unpacked(std::string_view block) {
  const std::string bytes = inflated(from_base64(block));
  std::vector<std::string> columns;
  std::size_t at = 4 * kPageColumns;
  for (std::size_t i = 0; i < kPageColumns; ++i) {
    std::size_t size = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      size |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[4 * i + k])) << 8 * k;
    }
    columns.push_back(bytes.substr(at, size));
    at += size;
  }
  EXPECT_EQ(at, bytes.size());
  return columns;
}

inline const std::string& column(const std::vector<std::string>& columns, PageColumn which) {
  return columns[static_cast<std::size_t>(which)];
}

/// Numbers of 16 bits.
inline std::vector<int> words(const std::string& bytes) {
  std::vector<int> numbers;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    numbers.push_back(static_cast<unsigned char>(bytes[i]) |
                      static_cast<unsigned char>(bytes[i + 1]) << 8);
  }
  return numbers;
}

/// Numbers of seven bits a byte.
inline std::vector<std::uint64_t> varints(const std::string& bytes) {
  std::vector<std::uint64_t> numbers;
  std::uint64_t value = 0;
  int shift = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    shift += 7;
    if (byte & 0x80) continue;
    numbers.push_back(value);
    value = 0;
    shift = 0;
  }
  return numbers;
}

}  // namespace virnucpro::test
