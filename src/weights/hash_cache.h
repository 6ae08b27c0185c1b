// SHA-256 of large files, remembered between runs in the user's cache folder.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/environment.h"
#include "base/open_file.h"

namespace virnucpro {

/// $XDG_CACHE_HOME/virnucpro, else $HOME/.cache/virnucpro; empty where neither is an absolute path.
std::string hash_cache_folder(const Environment& environment);

/// One small file per model file, by its path: its FileStamp, its hash, and a check of both. An
/// entry that is not exactly as this program writes it, or not the user's own, is ignored. An entry
/// that cannot be written is left out without an error. Of several processes the last writer of an
/// entry wins. Thread-safe.
class HashCache {
 public:
  /// Nanoseconds since 1970. Tests bring their own.
  using Clock = std::function<std::int64_t()>;
  static std::int64_t system_time();

  /// `folder` is made when it is needed; an empty one disables the cache.
  explicit HashCache(std::string folder = {}, Clock clock = system_time);

  std::optional<std::string> find(const OpenFile& file) const;
  void remember(const OpenFile& file, const std::string& sha256) const;

  /// True when the file changed so shortly before now that a later change might have the same time.
  bool is_recent(const FileStamp& stamp) const;

 private:
  std::string folder_;
  Clock clock_;
};

}  // namespace virnucpro
