// Keeps every command from writing over what it reads.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <vector>

namespace virnucpro {

/// The files and folders that a command reads. Ask it before anything is opened for writing: each
/// question compares names and, for links, device and inode, and throws a ConfigError that names
/// output and input. Files that do not exist (yet) are compared by name; pipes and devices never.
class InputGuard {
 public:
  /// Adds a file, "-" for standard input, or a folder with the files in it. `what` names it to the
  /// user: "--labels", "the input".
  void add(const std::string& what, const std::string& path);

  /// Checks a file that is written through PartialFile; `flag` is the option that names it.
  void require_apart(const std::string& file, const std::string& flag = "-o") const;
  /// Checks files of these names in a folder, which must not be a folder that is read.
  void require_apart(const std::string& folder, std::span<const char* const> names) const;
  /// Checks a folder that is replaced: nothing that is read may be in it.
  void require_outside(const std::string& folder) const;
  /// Checks standard output and standard error, where they go to files.
  void require_streams_apart() const;

 private:
  struct Input {
    std::string what;
    std::string path;                 ///< as the user gave it
    std::filesystem::path canonical;  ///< empty for standard input
    bool is_there = false;
    dev_t device = 0;
    ino_t inode = 0;
  };

  void add_one(const std::string& what, const std::string& path);
  const Input* find(const std::string& path) const;
  const Input* find_inside(const std::string& folder) const;

  std::vector<Input> inputs_;
};

}  // namespace virnucpro
