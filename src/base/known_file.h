// What a file holds, so that it can be told from what it holds later.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace virnucpro {

/// The bytes of an input, as somebody has read them.
struct FileContent {
  std::string sha256;
  std::uint64_t bytes = 0;

  friend bool operator==(const FileContent&, const FileContent&) = default;
};

/// Which file of the system it is, and when it was last written to. Equal stamps are no proof of
/// equal bytes, but unequal ones are cheap to see.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t bytes = 0;
  std::int64_t changed_seconds = 0;
  std::int64_t changed_nanoseconds = 0;
  /// When its bytes, name or rights were last changed, which nobody can set back.
  std::int64_t touched_seconds = 0;
  std::int64_t touched_nanoseconds = 0;

  bool is_same_file(const FileStamp& other) const {
    return device == other.device && inode == other.inode;
  }
  /// Without the touch: other rights are no other bytes.
  friend bool operator==(const FileStamp& a, const FileStamp& b) {
    return a.is_same_file(b) && a.bytes == b.bytes && a.changed_seconds == b.changed_seconds &&
           a.changed_nanoseconds == b.changed_nanoseconds;
  }
};

/// One line, the touch included, to be compared with a later one.
std::string to_string(const FileStamp& stamp);

/// Of an open file; absent for what is no regular file.
std::optional<FileStamp> stamp_of(int descriptor);
/// Of the file that bears this name now; absent also where there is none.
std::optional<FileStamp> stamp_of(const std::string& path);

/// A file that has been read to its end.
struct KnownFile {
  FileContent content;
  FileStamp stamp;
};

/// Reads a regular file. Absent for "-", pipes and folders, whose content nobody can know
/// beforehand. Throws InputError naming a file that cannot be read; Interrupted.
std::optional<KnownFile> read_known_file(const std::string& path, const std::stop_token& stop = {});

/// The same for each of them.
std::vector<std::optional<KnownFile>> read_known_files(const std::vector<std::string>& paths,
                                                       const std::stop_token& stop = {});

/// Throws ChangedInput when the file at `path` is no longer the one that `known` describes: for
/// files that a library reads, which takes them by name. Reads it again only if its stamp differs.
void require_unchanged(const std::string& path, const KnownFile& known,
                       const std::stop_token& stop = {});

/// Throws ChangedInput, naming the file, unless what was read is what was there before.
void require_same_content(const std::string& name, const FileContent& before,
                          const FileContent& read);

/// Throws ChangedInput: "<name>: <problem>" and what to do about it.
[[noreturn]] void throw_changed(const std::string& name, const std::string& problem);

}  // namespace virnucpro
