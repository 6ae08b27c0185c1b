// A disk of its own for a test, soon full; only root may have one.
#pragma once

#include <sys/mount.h>

#include <filesystem>
#include <string>

namespace virnucpro::test {

class SmallDisk {
 public:
  /// `options` such as "size=300k". The folder is made.
  SmallDisk(const std::string& path, const char* options) : path_(path) {
    std::filesystem::create_directories(path);
    is_mounted_ = ::mount("tmpfs", path.c_str(), "tmpfs", 0, options) == 0;
  }
  ~SmallDisk() {
    if (is_mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool is_mounted() const { return is_mounted_; }
  bool remount(const char* options, unsigned long flags = 0) const {
    return ::mount("tmpfs", path_.c_str(), "tmpfs", MS_REMOUNT | flags, options) == 0;
  }

 private:
  std::string path_;
  bool is_mounted_ = false;
};

}  // namespace virnucpro::test
