#include "base/open_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/errors.h"

namespace virnucpro {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what) {
  throw ModelError(fmt::format("{}: cannot {}: {}", path, what, std::strerror(errno)));
}

}  // namespace

std::shared_ptr<const OpenFile> OpenFile::open(const std::string& path) {
  // Without O_NONBLOCK a named pipe would wait for a writer.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) fail(path, "open");
  std::shared_ptr<OpenFile> file(new OpenFile(path, descriptor));
  const std::optional<FileStamp> stamp = stamp_of(descriptor);
  if (!stamp) throw ModelError(fmt::format("{}: expected a regular file", path));
  file->stamp_ = *stamp;
  return file;
}

OpenFile::OpenFile(std::string path, int descriptor)
    : path_(std::move(path)), descriptor_(descriptor) {}

OpenFile::~OpenFile() { ::close(descriptor_); }

FileStamp OpenFile::stamp_now() const {
  const std::optional<FileStamp> stamp = stamp_of(descriptor_);
  if (!stamp) fail(path_, "stat");
  return *stamp;
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
