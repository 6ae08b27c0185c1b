// Turns SIGINT, SIGTERM and SIGUSR1 into a stop token.
#pragma once

#include <array>
#include <csignal>
#include <functional>
#include <stop_token>
#include <thread>

namespace virnucpro::cli {

/// From now on these signals end the process at once with exit code 75: nothing has begun.
void end_on_stop_signals();

/// While it lives, the first of these signals requests a stop and calls `on_stop`, on a thread of
/// its own. A second signal, or three seconds after the first, ends the process at once with exit
/// code 75, as a kill would. Afterwards the signals do what they did before. One at a time in a
/// process. Throws ResourceError or ConfigError when the system has no thread or descriptor left.
class StopSignals {
 public:
  explicit StopSignals(std::function<void(int signal)> on_stop = {});
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  void install_handlers();
  void restore_handlers();
  void watch();

  std::function<void(int signal)> on_stop_;
  std::stop_source source_;
  int read_end_ = -1;
  std::thread watcher_;
  std::array<struct sigaction, 4> replaced_ = {};  // of the three, and of SIGALRM
};

}  // namespace virnucpro::cli
