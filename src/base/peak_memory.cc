#include "base/peak_memory.h"

#include <fstream>
#include <string>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace virnucpro {

bool restart_peak_memory() {
#ifdef __GLIBC__
  ::malloc_trim(0);  // other C libraries give large blocks back by themselves
#endif
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;  // proc(5): resets VmHWM
  return file.good();
}

std::uint64_t peak_memory() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) * 1024;  // in KiB
  }
  return 0;
}

}  // namespace virnucpro
