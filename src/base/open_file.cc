#include "base/open_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/errors.h"

namespace virnucpro {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw ModelError(fmt::format("{}: cannot {}: {}", path, what, std::strerror(errno)));
}

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

std::shared_ptr<const OpenFile> OpenFile::open(const std::string& path) {
  // Without O_NONBLOCK a named pipe would wait for a writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail(path, "open");
  std::shared_ptr<const OpenFile> file(new OpenFile(path, descriptor));
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) fail(path, "stat");
  if (!S_ISREG(status.st_mode)) {
    throw ModelError(fmt::format("{}: expected a regular file", path));
  }
  return file;
}

OpenFile::OpenFile(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor), identity_(identity_now()) {}

OpenFile::~OpenFile() { ::close(descriptor_); }

FileIdentity OpenFile::identity_now() const {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) fail(path_, "stat");
  return {.device = static_cast<std::uint64_t>(status.st_dev),
          .inode = static_cast<std::uint64_t>(status.st_ino),
          .bytes = static_cast<std::uint64_t>(status.st_size),
          .content_changed = nanoseconds(status.st_mtim),
          .state_changed = nanoseconds(status.st_ctim)};
}

std::size_t OpenFile::read(std::span<std::byte> to, std::uint64_t offset) const {
  std::size_t done = 0;
  while (done < to.size()) {
    const ssize_t got =
        ::pread(descriptor_, to.data() + done, to.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(path_, "read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace virnucpro
