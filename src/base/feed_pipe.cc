#include "base/feed_pipe.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro {
namespace {

constexpr int kPipeBytes = 1 << 18;  // so that neither side waits at each piece
constexpr int kLookMilliseconds = 100;

[[noreturn]] void throw_no_pipe(const std::string& name, int error) {
  if (error == EMFILE || error == ENFILE) {
    throw ConfigError(fmt::format(
        "{}: cannot be opened: the limit of open files is too low; raise it ('ulimit -n').", name));
  }
  throw InputError(
      fmt::format("{}: cannot be read: no pipe for it: {}.", name, std::strerror(error)));
}

}  // namespace

FeedPipe open_feed_pipe(const std::string& name) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_no_pipe(name, errno);
  ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
  // An unprivileged user may have reached the limit of all pipes; then the pipe stays small.
  ::fcntl(ends[1], F_SETPIPE_SZ, kPipeBytes);
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void block_broken_pipe_signal() {
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, nullptr);
}

bool write_to_pipe(const Descriptor& input, std::span<const std::byte> bytes,
                   const std::function<bool()>& goes_on) {
  while (!bytes.empty()) {
    if (!goes_on()) return false;
    const ssize_t put = ::write(input.get(), bytes.data(), bytes.size());
    if (put >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    } else if (errno == EAGAIN) {
      pollfd room = {input.get(), POLLOUT, 0};
      ::poll(&room, 1, kLookMilliseconds);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace virnucpro
