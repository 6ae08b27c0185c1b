// A tar archive of a few regular files, written in one pass.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/output_file.h"

namespace virnucpro {

/// Writes an archive in the ustar format; sizes beyond its 8 GB as GNU tar writes them, which every
/// tar of today reads. Equal content gives equal bytes: times, owners and groups are 0. Thread-
/// confined. Every function throws OutputError; the file appears whole or not at all.
class TarFile {
 public:
  explicit TarFile(const std::string& path) : file_(path) {}

  /// Begins a file of this size; `name` is a path of at most 100 bytes, with folders that unpacking
  /// makes. The file before must be whole.
  void begin(const std::string& name, std::uint64_t size);
  /// The next bytes of the file that was begun.
  void write(std::span<const std::byte> bytes);
  /// A whole file.
  void add(const std::string& name, std::string_view text);
  /// The last file must be whole.
  void commit();

 private:
  void pad();

  OutputFile file_;
  std::uint64_t size_ = 0;
  std::uint64_t written_ = 0;
};

/// The 512 bytes before a file of this size.
std::string tar_header(const std::string& name, std::uint64_t size);

}  // namespace virnucpro
