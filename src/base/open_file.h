// A file that is only read, and the stamp that tells whether it has been written to meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "base/file_stamp.h"

namespace virnucpro {

/// Owns a descriptor. Thread-safe.
class OpenFile {
 public:
  /// Throws ModelError naming the file when it cannot be opened or is not a regular file.
  static std::shared_ptr<const OpenFile> open(const std::string& path);

  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }
  /// The stamp at opening, and the stamp now: both of this file, whatever bears its name meanwhile.
  const FileStamp& stamp() const { return stamp_; }
  FileStamp stamp_now() const;

  /// Fills `to` from `offset` on; returns the bytes read. ModelError when the file cannot be read.
  std::size_t read(std::span<std::byte> to, std::uint64_t offset) const;

 private:
  OpenFile(std::string path, int descriptor);
  std::string path_;
  int descriptor_;
  FileStamp stamp_;
};

}  // namespace virnucpro
