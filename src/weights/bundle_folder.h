// A bundle's folder while it is made: it appears whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace virnucpro {

/// `folder` without a slash at its end, so that names can be put behind it. Throws ConfigError for
/// none, for one that exists when `force` is not set, and for one that holds something else.
std::filesystem::path free_bundle_folder(const std::string& folder, bool force);

/// A folder under a temporary name; removed with its content unless publish() was called. Throws
/// OutputError.
class BundleFolder {
 public:
  explicit BundleFolder(const std::filesystem::path& target);
  ~BundleFolder();
  BundleFolder(const BundleFolder&) = delete;
  BundleFolder& operator=(const BundleFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, std::string_view content) const;

  /// Gives the folder its name. A folder that has it now is moved aside first, then removed.
  void publish();

 private:
  std::filesystem::path target_;
  std::filesystem::path path_;
};

}  // namespace virnucpro
