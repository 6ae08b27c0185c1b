#include "sequence/local_references.h"

#include <cstdlib>
#include <mutex>
#include <string>

namespace virnucpro {

void keep_references_local() {
  static std::once_flag once;
  std::call_once(once, [] {
    const char* path = std::getenv("REF_PATH");
    if (path != nullptr && *path != '\0') return;
    const char* cache = std::getenv("XDG_CACHE_HOME");
    const char* home = std::getenv("HOME");
    std::string root = "/nonexistent";
    if (cache != nullptr && *cache != '\0') {
      root = cache;
    } else if (home != nullptr && *home != '\0') {
      root = std::string(home) + "/.cache";
    }
    ::setenv("REF_PATH", (root + "/hts-ref/%2s/%2s/%s").c_str(), 1);
  });
}

}  // namespace virnucpro
