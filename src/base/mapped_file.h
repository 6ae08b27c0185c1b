// A file's bytes mapped into memory, read-only.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace virnucpro {

/// Owns one read-only mapping; shared by everything that points into it. Thread-safe after opening.
class MappedFile {
 public:
  /// Throws ModelError naming the file when it cannot be opened or mapped. An empty file is
  /// allowed.
  static std::shared_ptr<const MappedFile> open(const std::string& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::string& path() const { return path_; }

 private:
  MappedFile(std::string path, const std::byte* data, std::size_t size);
  std::string path_;
  const std::byte* data_;
  std::size_t size_;
};

/// Keeps `owner` alive. Where that is a mapped file, the pages wholly inside `bytes` leave this
/// process's memory with the last copy of what is returned: once a tensor has been converted, only
/// the converted copy stays resident. Pages that are touched again are mapped again. Thread-safe.
std::shared_ptr<const void> release_pages_after(std::shared_ptr<const void> owner,
                                                std::span<const std::byte> bytes);

}  // namespace virnucpro
