// The entries of a zip file (with zip64): stored ones in place, deflated ones unpacked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>

namespace virnucpro {

/// Bytes together with their owner.
struct OwnedBytes {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

/// The directory of one zip file, read and checked at once. Immutable, so thread-safe.
class ZipReader {
 public:
  struct Entry {
    std::uint64_t header = 0;  ///< of the entry's local header in the file
    std::uint64_t stored_size = 0;
    std::uint64_t size = 0;
    std::uint32_t crc = 0;
    std::uint16_t method = 0;
    std::uint16_t flags = 0;
  };

  /// ModelError naming `origin` when the directory is damaged.
  ZipReader(OwnedBytes file, std::string origin);

  /// True when the file begins as a zip file does.
  static bool is_zip(std::span<const std::byte> bytes);

  const std::map<std::string, Entry>& entries() const { return entries_; }
  /// The content of an entry of this reader. ModelError when it is damaged, encrypted or
  /// compressed in another way than deflate.
  OwnedBytes read(const std::string& name, const Entry& entry) const;

 private:
  void read_directory();
  [[noreturn]] void fail(const std::string& text) const;
  std::span<const std::byte> slice(std::uint64_t offset, std::uint64_t size,
                                   const char* what) const;
  OwnedBytes inflate(const std::string& name, const Entry& entry,
                     std::span<const std::byte> packed) const;

  OwnedBytes file_;
  std::string origin_;
  std::map<std::string, Entry> entries_;
};

}  // namespace virnucpro
