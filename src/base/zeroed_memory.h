// A large piece of memory that is taken at once.
#pragma once

#include <cstddef>
#include <memory>

namespace virnucpro {

/// Bytes that are zero at first, all of them resident from the start, so that a process does not
/// grow while they are filled. In pages of 2 MiB where the system has these: faults of small pages
/// would take three times as long. Movable; throws std::bad_alloc.
class ZeroedMemory {
 public:
  explicit ZeroedMemory(std::size_t bytes);

  char* data() { return bytes_.get(); }
  const char* data() const { return bytes_.get(); }
  std::size_t size() const { return size_; }

 private:
  struct Free {
    void operator()(char* bytes) const;
  };
  std::unique_ptr<char, Free> bytes_;
  std::size_t size_;
};

}  // namespace virnucpro
