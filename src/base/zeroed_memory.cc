#include "base/zeroed_memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <new>

namespace virnucpro {
namespace {

constexpr std::size_t kLargePage = std::size_t{1} << 21;  // of x86-64, and of ARM with 4 KiB pages

}  // namespace

ZeroedMemory::ZeroedMemory(std::size_t bytes) : size_(bytes) {
  const bool is_large = bytes >= kLargePage;
  const std::size_t unit = is_large ? kLargePage : alignof(std::max_align_t);
  const std::size_t rounded = (bytes + unit - 1) / unit * unit;
  if (rounded == 0) return;
  bytes_.reset(static_cast<char*>(std::aligned_alloc(unit, rounded)));
  if (!bytes_) throw std::bad_alloc();
  // A system without such pages refuses, and gives small ones.
  if (is_large) ::madvise(bytes_.get(), rounded, MADV_HUGEPAGE);
  std::memset(bytes_.get(), 0, rounded);
}

void ZeroedMemory::Free::operator()(char* bytes) const { std::free(bytes); }

}  // namespace virnucpro
