// The program's standard output and standard error: the only place that writes to them.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

#include "base/environment.h"

namespace virnucpro::cli {

/// Connects descriptors 0, 1 and 2 that came closed to /dev/null, opened for the wrong direction:
/// no file of ours can get their numbers, but using them is still an error. Ignores SIGPIPE and
/// SIGXFSZ, so that a closed pipe and a file beyond its limit are reported errors and not a silent
/// death. Call first in main.
void secure_standard_streams();

/// Whether these variables allow colours on a terminal: NO_COLOR is unset or empty
/// (https://no-color.org), and TERM is not "dumb".
bool allows_colors(const Environment& environment);

enum class Color { kRed, kYellow };

/// Standard output is buffered and its errors throw. Standard error takes whole lines, and its
/// errors are ignored, since there is nowhere left to report them. Texts from outside must be
/// escaped before (cli/terminal/safe_text.h). Thread-safe.
class Console {
 public:
  Console();

  /// Writes results. Throws OutputError when standard output takes no more.
  void print(std::string_view text);
  /// To be called before the program reports success. Throws OutputError.
  void flush();

  /// Writes one line to standard error; a status line moves below it.
  void message(std::string_view line);
  /// Replaces the status line at the bottom of the terminal, cut to its width. No effect elsewhere.
  void status(std::string_view line);
  void clear_status();
  bool has_terminal() const { return has_terminal_; }
  /// `text` for standard error, in this colour where that is a terminal and colours are wanted.
  std::string painted(std::string_view text, Color color) const;

  /// From now on lines on standard error are JSON objects; main checks this for its last line.
  void use_json() { json_ = true; }
  bool is_json() const { return json_; }

 private:
  void flush_locked();
  void draw_status();

  std::mutex mutex_;
  std::string pending_;
  std::string status_;
  const bool has_terminal_;
  const bool has_colors_;
  std::atomic<bool> json_ = false;
};

}  // namespace virnucpro::cli
