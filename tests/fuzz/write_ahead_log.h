// SQLite's write-ahead log, with the checksums that its bytes should have had.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace virnucpro::fuzz {

/// True where the bytes begin like a log, which no database does (sqlite.org/fileformat2.html, 4).
inline bool is_write_ahead_log(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 32 && bytes[0] == 0x37 && bytes[1] == 0x7f && bytes[2] == 0x06 &&
         (bytes[3] & 0xfe) == 0x82;
}

/// The sums of one log: each goes on from the one before.
class LogChecksum {
 public:
  explicit LogChecksum(bool is_big_endian) : is_big_endian_(is_big_endian) {}

  /// Takes whole words in pairs.
  void add(std::span<const std::uint8_t> bytes) {
    for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
      first_ += word(bytes.subspan(i, 4)) + second_;
      second_ += word(bytes.subspan(i + 4, 4)) + first_;
    }
  }
  /// Always stored with the highest byte first.
  void write_to(std::span<std::uint8_t> place) const {
    for (std::size_t i = 0; i < 4; ++i) {
      place[i] = static_cast<std::uint8_t>(first_ >> (24 - 8 * i));
      place[4 + i] = static_cast<std::uint8_t>(second_ >> (24 - 8 * i));
    }
  }

 private:
  std::uint32_t word(std::span<const std::uint8_t> bytes) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      value |= std::uint32_t{bytes[i]} << (is_big_endian_ ? 24 - 8 * i : 8 * i);
    }
    return value;
  }

  bool is_big_endian_;
  std::uint32_t first_ = 0;
  std::uint32_t second_ = 0;
};

/// A copy whose whole frames all count: SQLite stops at the first with other salts than the
/// header's or a wrong checksum, so nearly every change would hide what follows it.
inline std::vector<std::uint8_t> with_right_checksums(std::span<const std::uint8_t> log) {
  constexpr std::size_t kHeader = 32;
  constexpr std::size_t kFrameHeader = 24;
  std::vector<std::uint8_t> bytes(log.begin(), log.end());
  const std::span<std::uint8_t> all(bytes);
  LogChecksum checksum((log[3] & 1) != 0);
  checksum.add(all.first(24));
  checksum.write_to(all.subspan(24, 8));
  const std::size_t page = std::size_t{log[10]} << 8 | log[11];  // 512 to 32768; else no log
  if (page < 512 || (page & (page - 1)) != 0) return bytes;
  const std::size_t frame = kFrameHeader + page;
  for (std::size_t at = kHeader; at + frame <= bytes.size(); at += frame) {
    const std::span<std::uint8_t> header = all.subspan(at, kFrameHeader);
    std::copy_n(all.begin() + 16, 8, header.begin() + 8);  // the salts
    checksum.add(header.first(8));
    checksum.add(all.subspan(at + kFrameHeader, page));
    checksum.write_to(header.subspan(16, 8));
  }
  return bytes;
}

}  // namespace virnucpro::fuzz
