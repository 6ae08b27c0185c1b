// Which file of the system a file is, and when it was last written to.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace virnucpro {

/// Equal stamps are no proof of equal bytes, but unequal ones are cheap to see.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t content_changed = 0;  ///< mtime in nanoseconds since 1970
  /// ctime, likewise: when its bytes, name or rights were last changed. Nobody can set it back, as
  /// `touch -r` can set mtime.
  std::int64_t state_changed = 0;

  bool operator==(const FileStamp&) const = default;

  bool is_same_file(const FileStamp& other) const {
    return device == other.device && inode == other.inode;
  }
  /// True when the times show no write between the two: other rights or names are no other bytes.
  bool has_same_content(const FileStamp& other) const {
    return is_same_file(other) && bytes == other.bytes && content_changed == other.content_changed;
  }
};

/// One line that holds all of it, for comparison with a later one.
std::string to_string(const FileStamp& stamp);

/// The stamp of an open file; absent for anything but a regular file.
std::optional<FileStamp> stamp_of(int descriptor);
/// The stamp of the file that bears this name now; absent also where there is none.
std::optional<FileStamp> stamp_of(const std::string& path);

/// True when both are there and show no write between them, or when both are absent.
bool have_same_content(const std::optional<FileStamp>& a, const std::optional<FileStamp>& b);

}  // namespace virnucpro
