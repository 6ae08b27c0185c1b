#include "base/partial_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

namespace fs = std::filesystem;

std::string advice(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "Free some space, or choose another place with -o, and run again.";
    case EACCES:
    case EPERM:
    case EROFS:
      return "Choose a place that you may write to with -o.";
    case EFBIG:
      return "Raise the file size limit (ulimit -f) and run again.";
    case EMFILE:
    case ENFILE:
      return "Raise the limit of open files (ulimit -n) and run again.";
    case ENOENT:
    case ENOTDIR:
      return "Check that its folder exists.";
    default:
      return "Check the disk or choose another place with -o.";
  }
}

std::string folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

/// The file that `path` leads to, so that a symbolic link survives the rename.
std::string follow_links(const std::string& path) {
  std::error_code error;
  if (!fs::is_symlink(fs::symlink_status(path, error))) return path;
  const fs::path target = fs::canonical(path, error);
  return error ? path : target.string();
}

/// False when the file system has no locks, which is no reason to write nothing.
bool can_lock(int error) {
  return error != ENOLCK && error != EOPNOTSUPP && error != ENOSYS && error != EINVAL;
}

bool is_same_file(int descriptor, const std::string& path) {
  struct stat open_file;
  struct stat named_file;
  return ::fstat(descriptor, &open_file) == 0 && ::stat(path.c_str(), &named_file) == 0 &&
         open_file.st_dev == named_file.st_dev && open_file.st_ino == named_file.st_ino;
}

int open_locked(const std::string& path, const std::string& partial_path) {
  for (;;) {
    const int descriptor = ::open(partial_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (descriptor < 0) fail_output(path, "create", errno);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      const int error = errno;
      ::close(descriptor);
      if (error == EINTR) continue;
      if (error == EWOULDBLOCK) {
        throw OutputError(fmt::format(
            "{}: another run is writing it ('{}' is locked). Wait for it, or choose another place "
            "with -o.",
            path, partial_path));
      }
      if (can_lock(error)) fail_output(path, "lock", error);
      return ::open(partial_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    }
    // The other run may have renamed or removed the file between our open and our lock.
    if (is_same_file(descriptor, partial_path)) return descriptor;
    ::close(descriptor);
  }
}

}  // namespace

void fail_output(const std::string& path, const std::string& what, int error) {
  throw OutputError(fmt::format("{}: cannot {}: {} (error {}). {}", path, what,
                                std::generic_category().message(error), error, advice(error)));
}

std::string partial_path_of(const std::string& path) { return follow_links(path) + ".partial"; }

PartialFile::PartialFile(const std::string& path) : path_(follow_links(path)) {
  std::error_code error;
  const fs::file_status status = fs::status(path_, error);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    throw OutputError(
        fmt::format("{}: expected the name of a file to write, found a {}. Choose another name.",
                    path_, fs::is_directory(status) ? "folder" : "device or pipe"));
  }
  partial_path_ = partial_path_of(path_);
  descriptor_ = open_locked(path_, partial_path_);
  if (descriptor_ < 0) fail_output(path_, "create", errno);
  if (::ftruncate(descriptor_, 0) != 0) {
    const int reason = errno;
    ::close(descriptor_);
    fail_output(path_, "empty its partial file", reason);
  }
}

PartialFile::~PartialFile() {
  // Removed before the lock is released, so that the name cannot mean another process's file.
  if (!published_) ::unlink(partial_path_.c_str());
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string PartialFile::folder() const { return folder_of(path_); }

void PartialFile::sync() {
  // EINVAL comes from a file system that cannot sync, where the rename is all there is.
  if (::fsync(descriptor_) != 0 && errno != EINVAL) fail_output(path_, "write to the disk", errno);
}

void PartialFile::give_name() {
  if (!is_same_file(descriptor_, partial_path_)) {
    throw OutputError(fmt::format(
        "{}: its partial file '{}' has gone while it was written. Was the folder removed or "
        "cleaned? Run again.",
        path_, partial_path_));
  }
  if (::rename(partial_path_.c_str(), path_.c_str()) != 0) fail_output(path_, "rename", errno);
  published_ = true;
  ::close(std::exchange(descriptor_, -1));  // this releases the lock: readers may take one, too
}

void PartialFile::publish() {
  give_name();
  sync_folder(folder());
}

void PartialFile::withdraw() {
  if (::unlink(path_.c_str()) == 0) return sync_folder(folder());
  if (errno != ENOENT) fail_output(path_, "remove the older file", errno);
}

int open_nameless_file(const std::string& folder) {
#ifdef O_TMPFILE
  const int nameless = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (nameless >= 0) return nameless;
#endif
  std::string name = folder + "/.virnucpro-XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) fail_output(folder, "create a temporary file", errno);
  ::unlink(name.c_str());
  return descriptor;
}

void sync_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) fail_output(folder, "open", errno);
  const int result = ::fsync(descriptor);
  const int error = errno;
  ::close(descriptor);
  // A file system that cannot sync a folder has nothing to make durable.
  if (result != 0 && error != EINVAL && error != ENOTSUP) {
    fail_output(folder, "write to the disk", error);
  }
}

std::vector<std::string> make_result_folder(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> made;
  for (fs::path each = fs::path(folder).lexically_normal(); !each.empty();
       each = each.parent_path()) {
    // "a/b/" has "a/b" as its parent, which is the same folder.
    if (!each.has_filename()) {
      if (each == each.parent_path()) break;  // the root
      continue;
    }
    if (fs::exists(fs::symlink_status(each, error))) break;
    made.push_back(each.string());
  }
  fs::create_directories(folder, error);
  if (error) fail_output(folder, "create the folder", error.value());
  if (!fs::is_directory(folder, error)) fail_output(folder, "create the folder", ENOTDIR);
  return made;
}

void remove_empty_folders(const std::vector<std::string>& innermost_first) noexcept {
  for (const std::string& folder : innermost_first) {
    if (::rmdir(folder.c_str()) != 0) return;
  }
}

}  // namespace virnucpro
