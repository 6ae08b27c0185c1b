// The program's standard output and standard error: the only place that writes to them.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <string_view>

namespace virnucpro::cli {

/// Gives descriptors 0, 1 and 2 that came closed to /dev/null, opened the wrong way round: no file
/// of ours can take their number, and using them still is an error. Ignores SIGPIPE and SIGXFSZ,
/// so that a closed pipe and a file beyond its limit are errors to report and not a silent death.
/// Call first in main.
void secure_standard_streams();

/// Standard output is buffered and its errors throw; standard error takes whole lines, and its
/// errors are ignored since there is nowhere left to report them. Texts from outside are to be
/// escaped before (cli/escape.h). Thread-safe.
class Console {
 public:
  Console();

  /// Results. Throws OutputError when standard output takes no more.
  void print(std::string_view text);
  /// To be called before the program reports success. Throws OutputError.
  void flush();

  /// One line on standard error; a status line moves below it.
  void message(std::string_view line);
  /// Replaces the status line at the bottom of the terminal; cut to its width. Nothing elsewhere.
  void status(std::string_view line);
  void clear_status();
  bool has_terminal() const { return has_terminal_; }

  /// Lines of standard error are JSON objects from now on; main asks before it writes the last one.
  void use_json() { json_ = true; }
  bool is_json() const { return json_; }

 private:
  void flush_locked();
  void draw_status();

  std::mutex mutex_;
  std::string pending_;
  std::string status_;
  const bool has_terminal_;
  std::atomic<bool> json_ = false;
};

}  // namespace virnucpro::cli
