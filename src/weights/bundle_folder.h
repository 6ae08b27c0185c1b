// The folder of a bundle in the making: it appears whole or not at all.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>

namespace virnucpro {

/// Where a bundle is to be. Throws ConfigError when the path is empty, there already and `force` is
/// not set, no bundle, or a bundle with anything beside its files: --force must not be the way to
/// lose a home folder, or the results in a bundle's.
class BundleTarget {
 public:
  /// `keeps_others`: what is no file of the bundle is no error; publish() moves it along. For work
  /// of hours that asked before it began.
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

  /// Gives the folder its name. A bundle that has it now is moved aside first, then removed; what
  /// has been put beside its files meanwhile is moved here.
  void publish();

 private:
  void remove_replaced(const std::filesystem::path& old) const;

  std::filesystem::path target_;
  std::set<std::string> replaced_;
  std::filesystem::path path_;
};

}  // namespace virnucpro
