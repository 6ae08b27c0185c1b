// A result file in the making: it has its final name only once it is whole and on the disk.
#pragma once

#include <string>
#include <vector>

namespace virnucpro {

/// Owns `<path>.partial` beside `path`, open and locked against other processes. sync() and
/// publish() turn it into `path`. Destroyed before that, it removes the partial file; an older
/// `path` stays as it was. Every error is an OutputError naming the file and the system's reason.
class PartialFile {
 public:
  /// The folder must exist. Refuses an existing path that is not a regular file.
  explicit PartialFile(const std::string& path);
  ~PartialFile();
  PartialFile(const PartialFile&) = delete;
  PartialFile& operator=(const PartialFile&) = delete;

  const std::string& path() const { return path_; }
  const std::string& partial_path() const { return partial_path_; }
  int descriptor() const { return descriptor_; }

  /// The folder that path() is in.
  std::string folder() const;
  /// Forces the content to the disk.
  void sync();
  /// Renames to path(). Call sync() before, and sync_folder() afterwards.
  void give_name();
  /// The same, and forces the folder to the disk.
  void publish();
  /// Removes an older path(), if there is one, and forces that to the disk.
  void withdraw();

 private:
  std::string path_;
  std::string partial_path_;
  int descriptor_ = -1;
  bool published_ = false;
};

/// The temporary name of a PartialFile of this path.
std::string partial_path_of(const std::string& path);

/// Opens a file without a name in `folder`, for reading and writing; the disk forgets it when it is
/// closed, however that happens. The caller owns the descriptor.
int open_nameless_file(const std::string& folder);

/// Makes the names inside a folder durable. OutputError when that fails.
void sync_folder(const std::string& folder);

/// Makes the folder and its parents unless they exist. Returns those it made, the innermost first.
/// OutputError otherwise.
std::vector<std::string> make_result_folder(const std::string& folder);

/// Removes the folders that are empty and leaves the others with their content; never throws.
void remove_empty_folders(const std::vector<std::string>& innermost_first) noexcept;

/// Throws the OutputError of a failed system call: "<path>: cannot <what>: <reason of error>. ..."
[[noreturn]] void fail_output(const std::string& path, const std::string& what, int error);

}  // namespace virnucpro
