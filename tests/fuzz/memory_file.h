// A file that lives in memory, for readers that need a path.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/check.h"

namespace virnucpro::fuzz {

/// Made once per process and filled anew for each input.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    check(descriptor_ >= 0, "no file in memory");
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int descriptor() const { return descriptor_; }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

  void clear() const {
    check(::ftruncate(descriptor_, 0) == 0 && ::lseek(descriptor_, 0, SEEK_SET) == 0,
          "a file in memory cannot be emptied");
  }
  void fill(std::span<const std::uint8_t> bytes) const {
    clear();
    const ::ssize_t written = ::pwrite(descriptor_, bytes.data(), bytes.size(), 0);
    check(written == static_cast<::ssize_t>(bytes.size()), "a file in memory cannot be written");
  }

 private:
  int descriptor_;
};

}  // namespace virnucpro::fuzz
