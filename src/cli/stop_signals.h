// SIGINT, SIGTERM and SIGUSR1 as a stop token.
#pragma once

#include <functional>
#include <stop_token>
#include <thread>

namespace virnucpro::cli {

/// While it lives, the first of these signals requests a stop and calls `on_stop`, on a thread of
/// its own; a second one ends the process at once with exit code 75. One at a time in a process.
class StopSignals {
 public:
  explicit StopSignals(std::function<void(int signal)> on_stop = {});
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  std::stop_token token() const { return source_.get_token(); }

 private:
  std::function<void(int signal)> on_stop_;
  std::stop_source source_;
  int read_end_ = -1;
  std::thread watcher_;
};

}  // namespace virnucpro::cli
