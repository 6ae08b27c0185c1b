// A large piece of memory that is taken at once.
#pragma once

#include <cstddef>
#include <memory>

namespace virnucpro {

/// Bytes that are zero at first, all of them resident from the start, so that a process does not
/// grow while they are filled. Asked for in one call where the system has one: a fault for each
/// page takes half as long again. Movable; throws std::bad_alloc.
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
