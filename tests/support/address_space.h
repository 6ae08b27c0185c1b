// Processes that get no more memory, and so no more threads, even as root.
#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <cstddef>
#include <fstream>

namespace virnucpro::test {

/// From now on this process may map only `more` bytes. For children that end with a test, because
/// it cannot be undone. Not under sanitizers, which map terabytes.
inline void limit_address_space(std::size_t more) {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  const auto bytes = static_cast<rlim_t>(pages) * static_cast<rlim_t>(::getpagesize()) + more;
  const rlimit limit{bytes, bytes};
  ::setrlimit(RLIMIT_AS, &limit);
}

}  // namespace virnucpro::test
