// A file that is only read, and what tells whether it has been written to meanwhile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace virnucpro {

/// Which file it is and when it was last changed. The time of the last change of its state cannot
/// be set back, as that of its content can (`touch -r`).
struct FileIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t content_changed = 0;  ///< mtime in nanoseconds since 1970
  std::int64_t state_changed = 0;    ///< ctime likewise

  bool operator==(const FileIdentity&) const = default;
};

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
  const FileIdentity& identity() const { return identity_; }
  FileIdentity identity_now() const;

  /// Fills `to` from `offset` on; returns how much there was. ModelError when it cannot be read.
  std::size_t read(std::span<std::byte> to, std::uint64_t offset) const;

 private:
  OpenFile(std::string path, int descriptor);
  std::string path_;
  int descriptor_;
  FileIdentity identity_;
};

}  // namespace virnucpro
