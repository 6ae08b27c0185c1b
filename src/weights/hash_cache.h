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

/// One small file per model file, by its path: what it was (FileStamp), its hash, and a check of
/// both. Whatever is not exactly as this program writes it, or not the user's own, is ignored; what
/// cannot be written is not. Of several processes the last one that writes an entry wins.
/// Thread-safe.
class HashCache {
 public:
  /// Nanoseconds since 1970. Tests bring their own.
  using Clock = std::function<std::int64_t()>;
  static std::int64_t system_time();

  /// `folder` is made when it is needed; empty: nothing is remembered.
  explicit HashCache(std::string folder = {}, Clock clock = system_time);

  std::optional<std::string> find(const OpenFile& file) const;
  void remember(const OpenFile& file, const std::string& sha256) const;

  /// The file was changed so shortly before now that a later change might bear the same time.
  bool is_recent(const FileStamp& stamp) const;

 private:
  std::string folder_;
  Clock clock_;
};

}  // namespace virnucpro
