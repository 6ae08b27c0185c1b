// A file that is only read, and what tells whether it has been written to meanwhile.
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
  /// Throws ModelError naming the file when it cannot be opened or is no regular file.
  static std::shared_ptr<const OpenFile> open(const std::string& path);

  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  const std::string& path() const { return path_; }
  int descriptor() const { return descriptor_; }
  /// When it was opened, and now: of the same file, whatever has its name meanwhile.
  const FileStamp& stamp() const { return stamp_; }
  FileStamp stamp_now() const;

  /// Fills `to` from `offset` on; returns how much there was. ModelError when it cannot be read.
  std::size_t read(std::span<std::byte> to, std::uint64_t offset) const;

 private:
  OpenFile(std::string path, int descriptor);
  std::string path_;
  int descriptor_;
  FileStamp stamp_;
};

}  // namespace virnucpro
