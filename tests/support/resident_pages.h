// Measures how much of a piece of memory this process holds.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace virnucpro::test {

/// Pages with a byte of `bytes` that are present in this process's page table (/proc/self/pagemap);
/// -1 where the system does not say.
inline int resident_pages(std::span<const std::byte> bytes) {
  const int file = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (file < 0) return -1;
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
  int count = 0;
  for (std::uintptr_t i = begin / page; i * page < begin + bytes.size(); ++i) {
    std::uint64_t entry = 0;
    const auto offset = static_cast<off_t>(i * sizeof(entry));
    if (::pread(file, &entry, sizeof(entry), offset) != sizeof(entry)) count = -1;
    if (count < 0) break;
    count += static_cast<int>(entry >> 63);  // bit 63: page present
  }
  ::close(file);
  return count;
}

}  // namespace virnucpro::test
