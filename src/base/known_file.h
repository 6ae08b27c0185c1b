// What a file holds, so that it can be told from what it holds later.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/file_stamp.h"

namespace virnucpro {

/// The content of an input, as a reader has seen it.
struct FileContent {
  std::string sha256;
  std::uint64_t bytes = 0;

  friend bool operator==(const FileContent&, const FileContent&) = default;
};

/// A file that has been read to its end.
struct KnownFile {
  FileContent content;
  FileStamp stamp;
};

/// Reads a regular file. Absent for "-", pipes and folders, whose content cannot be known
/// beforehand. Throws InputError naming a file that cannot be read; Interrupted.
std::optional<KnownFile> read_known_file(const std::string& path, const std::stop_token& stop = {});

/// The same for each of several files.
std::vector<std::optional<KnownFile>> read_known_files(const std::vector<std::string>& paths,
                                                       const std::stop_token& stop = {});

/// Throws ChangedInput when the file at `path` is no longer the one that `known` describes. For
/// files that a library opens by name. Reads the file again only if its stamp differs.
void require_unchanged(const std::string& path, const KnownFile& known,
                       const std::stop_token& stop = {});

/// Throws ChangedInput, naming the file, unless its content is what it was before.
void require_same_content(const std::string& name, const FileContent& before,
                          const FileContent& read);

/// Throws ChangedInput: "<name>: <problem>", followed by what to do about it.
[[noreturn]] void throw_changed(const std::string& name, const std::string& problem);

}  // namespace virnucpro
