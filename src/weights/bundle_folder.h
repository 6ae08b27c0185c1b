// The folder of a bundle in the making: it appears whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace virnucpro {

/// Where a bundle is to be. Throws ConfigError when the path is empty, there already and `force` is
/// not set, or no bundle: --force must not be the way to lose a home folder.
class BundleTarget {
 public:
  BundleTarget(const std::string& folder, bool force);
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;  // without a slash at its end, so that names can be put behind it
};

/// A folder under a temporary name, removed with its content unless publish() was called. Every
/// function throws OutputError.
class BundleFolder {
 public:
  explicit BundleFolder(const BundleTarget& target);
  ~BundleFolder();
  BundleFolder(const BundleFolder&) = delete;
  BundleFolder& operator=(const BundleFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, std::string_view text) const;

  /// Gives the folder its name. A folder that has it now is moved aside first, then removed.
  void publish();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
};

}  // namespace virnucpro
