// What every command gets from the program that runs it.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/environment.h"
#include "devices/devices.h"

namespace virnucpro::cli {

class Console;

/// May wrap the backends of a run in others, before models are loaded.
using ChangeWorkers = std::function<void(Workers& workers)>;

/// Lives as long as the program runs. Filled while the command line is read.
struct Context {
  Console& console;
  const Environment& environment;
  const std::vector<std::string>& arguments;
  const ChangeWorkers& change_workers;  ///< may be empty
  /// Set by the parsed command; run once the whole command line has proved valid.
  std::function<void()> action;
  /// Requested by SIGINT, SIGTERM and SIGUSR1 while the action runs.
  std::stop_token stop;
  /// Parse what was given to each option, in their order; run before the action.
  std::vector<std::function<void()>> values = {};
};

}  // namespace virnucpro::cli
