#include "cli/terminal/stop_signals.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/start_thread.h"
#include "cli/terminal/failure.h"

namespace virnucpro::cli {
namespace {

// A handler may use neither locks nor std::stop_source: it counts and writes one byte to a pipe
// that a thread waits on.
std::atomic<int> received{0};
std::atomic<int> wake_descriptor{-1};
static_assert(std::atomic<int>::is_always_lock_free, "needed inside a signal handler");

// Schedulers send SIGUSR1 some time before they kill (sbatch --signal=USR1@60).
constexpr std::array kSignals = {SIGINT, SIGTERM, SIGUSR1};
// Work checks the token far more often. Work that cannot (a disk or a terminal that does not
// answer, a library's call) is cut off early enough for the promise of five seconds, of which
// freeing the memory of a large model may take one. The kernel keeps this clock, so that no thread
// or lock of ours can hold it up.
constexpr unsigned kSecondsToEnd = 3;

extern "C" void virnucpro_end_at_once(int) { ::_exit(kExitInterrupted); }

extern "C" void virnucpro_on_stop_signal(int signal) {
  const int error_before = errno;
  if (received.fetch_add(1) > 0) ::_exit(kExitInterrupted);
  ::alarm(kSecondsToEnd);
  const char byte = static_cast<char>(signal);
  [[maybe_unused]] const ssize_t written = ::write(wake_descriptor.load(), &byte, 1);
  errno = error_before;
}

struct sigaction action_of(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  return action;
}

}  // namespace

void end_on_stop_signals() {
  const struct sigaction end = action_of(virnucpro_end_at_once);
  for (const int signal : kSignals) sigaction(signal, &end, nullptr);
}

StopSignals::StopSignals(std::function<void(int signal)> on_stop) : on_stop_(std::move(on_stop)) {
  check(wake_descriptor.load() == -1, "two StopSignals at once");
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    if (errno == EMFILE || errno == ENFILE) {
      throw ConfigError(
          "the limit of open files is too low even to wait for signals; raise it ('ulimit -n').");
    }
    throw std::system_error(errno, std::generic_category(), "pipe for signals");
  }
  read_end_ = ends[0];
  try {
    watcher_ = start_thread([this] { watch(); });
  } catch (...) {
    for (const int end : ends) ::close(end);
    throw;
  }
  received = 0;
  wake_descriptor = ends[1];
  install_handlers();
}

void StopSignals::install_handlers() {
  const struct sigaction end = action_of(virnucpro_end_at_once);
  const struct sigaction stop = action_of(virnucpro_on_stop_signal);
  sigaction(SIGALRM, &end, &replaced_.back());
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &stop, &replaced_[i]);
}

void StopSignals::restore_handlers() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &replaced_[i], nullptr);
  ::alarm(0);
  sigaction(SIGALRM, &replaced_.back(), nullptr);
}

void StopSignals::watch() {
  char byte = 0;
  ssize_t count = 0;
  do {
    count = ::read(read_end_, &byte, 1);
  } while (count < 0 && errno == EINTR);
  if (count != 1 || byte == 0) return;  // 0: the destructor
  try {
    source_.request_stop();
    if (on_stop_) on_stop_(byte);
  } catch (...) {  // no memory for a message, but the stop itself was requested
  }
}

StopSignals::~StopSignals() {
  restore_handlers();
  const int descriptor = wake_descriptor.exchange(-1);
  const char byte = 0;
  [[maybe_unused]] const ssize_t written = ::write(descriptor, &byte, 1);
  watcher_.join();
  ::close(descriptor);
  ::close(read_end_);
}

}  // namespace virnucpro::cli
