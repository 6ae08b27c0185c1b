#include "base/read_input.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/errors.h"

namespace virnucpro {
namespace {

// How soon a request to stop is seen while there is nothing to read.
constexpr int kLookMilliseconds = 100;

[[noreturn]] void throw_unreadable(const std::string& name, int error) {
  throw InputError(fmt::format("{}: cannot be read: {}. Check the path and its permissions.", name,
                               std::strerror(error)));
}

}  // namespace

Descriptor open_to_read(const std::string& path, const std::string& name) {
  // Standard input is duplicated, so that closing it here leaves it open.
  Descriptor file(path == kStandardInput ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                         : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) throw_unreadable(name, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw_unreadable(name, errno);
  if (S_ISDIR(status.st_mode)) {
    throw InputError(fmt::format("{}: is a folder, not a file. Name the files in it.", name));
  }
  return file;
}

std::size_t read_some(const Descriptor& file, std::span<std::byte> buffer, const std::string& name,
                      const std::function<void()>& look) {
  for (;;) {
    look();
    // A read of a named pipe without a writer would report its end; poll() waits for a writer.
    pollfd wanted = {file.get(), POLLIN, 0};
    if (::poll(&wanted, 1, kLookMilliseconds) <= 0) continue;
    const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR && errno != EAGAIN) throw_unreadable(name, errno);
  }
}

}  // namespace virnucpro
