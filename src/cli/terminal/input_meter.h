// Counts the bytes of the input files that have been read, to estimate the time left.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace virnucpro::cli {

/// Asks the system for the positions of the open input files, so that readers need not count. This
/// is right for every format and compression. Inputs are read in order. One thread at a time.
class InputMeter {
 public:
  explicit InputMeter(const std::vector<std::string>& paths);

  /// Absent when an input is not a regular file (standard input, pipes).
  std::optional<std::uint64_t> total() const { return total_; }
  /// At most total(); never falls. 0 where total() is absent.
  std::uint64_t read();

 private:
  struct File {
    dev_t device;
    ino_t inode;
    std::uint64_t before;  // bytes of all earlier inputs
    std::uint64_t size;
  };
  std::vector<File> files_;
  std::optional<std::uint64_t> total_;
  std::size_t current_ = 0;
  std::uint64_t read_ = 0;
};

}  // namespace virnucpro::cli
