#include "bundles/pull_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "base/partial_file.h"

namespace virnucpro {

namespace fs = std::filesystem;

Descriptor lock_of(const std::string& folder) {
  Descriptor lock(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.get() < 0) fail_output(folder, "open", errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    throw OutputError(fmt::format(
        "{}: another process is pulling models into this folder. Wait for it, or choose another "
        "folder with --to.",
        folder));
  }
  return lock;
}

void remove_left_overs(const std::string& folder, const std::string& bundle) {
  const std::string name = fs::path(bundle).filename().string() + ".tmp-";
  std::error_code error;
  std::vector<fs::path> left;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().starts_with(name)) left.push_back(entry->path());
  }
  for (const fs::path& path : left) fs::remove_all(path, error);
}

std::uint64_t room_of(const std::string& path) {
  struct stat status = {};
  constexpr std::uint64_t kBlock = 512;  // the unit of st_blocks, whatever the file system's is
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_blocks) * kBlock
                                            : 0;
}

std::optional<std::uint64_t> free_room(const std::string& folder) {
  struct statvfs system = {};
  if (::statvfs(folder.c_str(), &system) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(system.f_bavail) * static_cast<std::uint64_t>(system.f_frsize);
}

}  // namespace virnucpro
