#include "cli/terminal/console.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <system_error>

#include "base/errors.h"
#include "base/format.h"

namespace virnucpro::cli {
namespace {

// One write for a table of a few hundred lines.
constexpr std::size_t kBufferSize = std::size_t{1} << 16;
// For terminals that do not report their width.
constexpr std::size_t kUsualWidth = 80;

// Returns 0 or the errno of the failure.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
  return size.ws_col;
}

}  // namespace

void secure_standard_streams() {
  for (int descriptor = 0; descriptor <= 2; ++descriptor) {
    if (::fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // open() takes the lowest free number, which is this one.
    const int opened = ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY);
    if (opened > 2) ::close(opened);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool allows_colors(const Environment& environment) {
  return environment("NO_COLOR").value_or("").empty() && environment("TERM").value_or("") != "dumb";
}

Console::Console()
    : has_terminal_(::isatty(STDERR_FILENO) == 1),
      has_colors_(has_terminal_ && allows_colors(process_environment())) {}

std::string Console::painted(std::string_view text, Color color) const {
  if (!has_colors_) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", color == Color::kRed ? 31 : 33, text);
}

void Console::print(std::string_view text) {
  const std::lock_guard lock(mutex_);
  pending_ += text;
  if (pending_.size() >= kBufferSize) flush_locked();
}

void Console::flush() {
  const std::lock_guard lock(mutex_);
  flush_locked();
}

void Console::flush_locked() {
  const int error = write_all(STDOUT_FILENO, pending_);
  pending_.clear();
  if (error != 0) {
    throw OutputError(fmt::format("standard output cannot be written: {}",
                                  std::generic_category().message(error)));
  }
}

void Console::message(std::string_view line) {
  const std::lock_guard lock(mutex_);
  std::string text = status_.empty() ? "" : "\r\033[K";
  text += line;
  text += '\n';
  write_all(STDERR_FILENO, text);
  draw_status();
}

void Console::status(std::string_view line) {
  if (!has_terminal_) return;
  const std::lock_guard lock(mutex_);
  // A line that wraps cannot be erased by a carriage return. Status lines are plain ASCII.
  status_ = line.substr(0, terminal_width() - 1);
  draw_status();
}

void Console::clear_status() {
  const std::lock_guard lock(mutex_);
  if (status_.empty()) return;
  status_.clear();
  write_all(STDERR_FILENO, "\r\033[K");
}

void Console::draw_status() {
  if (!status_.empty()) write_all(STDERR_FILENO, "\r\033[K" + status_);
}

}  // namespace virnucpro::cli
