// The folder of a bundle in the making: it appears whole or not at all.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace virnucpro {

/// The place of a new bundle. Throws ConfigError when the path is empty, exists without `force`, is
/// not a bundle, or is a bundle with other files beside its own: --force must not delete a home
/// folder, or results inside a bundle's folder.
class BundleTarget {
 public:
  /// With `keeps_others`, other files in the bundle's folder are no error; publish() moves them
  /// along. For long work, which has checked the folder before it began.
  BundleTarget(const std::string& folder, bool force, bool keeps_others = false);
  const std::filesystem::path& path() const { return path_; }
  /// The names of the files of the bundle that is there.
  const std::set<std::string>& replaced() const { return replaced_; }

 private:
  std::filesystem::path path_;  // without a slash at its end, so that names can be put behind it
  std::set<std::string> replaced_;
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

  /// Gives the folder its name. An existing bundle of that name is moved aside first, then removed;
  /// files that were put beside its own meanwhile are moved here.
  void publish();

 private:
  void remove_replaced(const std::filesystem::path& old) const;

  std::filesystem::path target_;
  std::set<std::string> replaced_;
  std::filesystem::path path_;
};

}  // namespace virnucpro
