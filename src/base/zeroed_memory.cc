#include "base/zeroed_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace virnucpro {
namespace {

constexpr std::size_t kSmallestPage = 4096;  // of the processors that this runs on

/// Asks for all pages in one call. Pages of 2 MiB would take less yet on most machines, but ten
/// times as long in a virtual one whose host must find the memory first.
bool populate(char* begin, std::size_t bytes) {
#ifdef MADV_POPULATE_WRITE
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(begin) / page * page;
  const std::uintptr_t last = (reinterpret_cast<std::uintptr_t>(begin) + bytes) / page * page;
  return first == last ||
         ::madvise(reinterpret_cast<void*>(first), last - first, MADV_POPULATE_WRITE) == 0;
#else
  static_cast<void>(begin);
  static_cast<void>(bytes);
  return false;
#endif
}

}  // namespace

ZeroedMemory::ZeroedMemory(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  bytes_.reset(static_cast<char*>(std::calloc(bytes, 1)));
  if (!bytes_) throw std::bad_alloc();
  if (populate(bytes_.get(), bytes)) return;
  // Before Linux 5.14 there was no such call. A compiler would leave out a write of zeros to zeros.
  volatile char* const touched = bytes_.get();
  for (std::size_t at = 0; at < bytes; at += kSmallestPage) touched[at] = 0;
}

void ZeroedMemory::Free::operator()(char* bytes) const { std::free(bytes); }

}  // namespace virnucpro
