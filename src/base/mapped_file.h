// A file's bytes mapped into memory, read-only.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/open_file.h"

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
  const std::string& path() const { return file_->path(); }
  /// The mapped file; it stays open as long as somebody holds it.
  const std::shared_ptr<const OpenFile>& file() const { return file_; }

 private:
  MappedFile(std::shared_ptr<const OpenFile> file, const std::byte* data, std::size_t size);
  std::shared_ptr<const OpenFile> file_;
  const std::byte* data_;
  std::size_t size_;
};

/// Keeps `owner` alive. Where that is a mapped file, the pages wholly inside `bytes` leave this
/// process's memory when the last copy of the result goes: once a tensor has been converted, only
/// the converted copy stays resident. Pages that are touched again are mapped again. Thread-safe.
std::shared_ptr<const void> release_pages_after(std::shared_ptr<const void> owner,
                                                std::span<const std::byte> bytes);

}  // namespace virnucpro
