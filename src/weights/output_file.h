// A file that appears under its name only when it is whole and on disk.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace virnucpro {

/// Writes to `path` + ".tmp-<process>"; commit() syncs and renames. Destroyed before that, it
/// removes the temporary file. Every failure is an OutputError naming the path. Thread-confined.
class OutputFile {
 public:
  explicit OutputFile(std::string path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::span<const std::byte> bytes);
  void write(std::string_view text);
  void commit();

 private:
  std::string path_;
  std::string temporary_;
  int fd_ = -1;
};

/// Makes the names inside a folder durable. OutputError when that fails.
void sync_folder(const std::string& folder);

}  // namespace virnucpro
