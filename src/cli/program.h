// The whole program behind main: reads the command line and runs one command.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/environment.h"
#include "pipeline/devices.h"

namespace virnucpro::cli {

class Console;

/// May replace the backends of a run by others that wrap them, before models are loaded.
using ChangeWorkers = std::function<void(Workers& workers)>;

/// What commands get from the program.
struct Program {
  Console& console;
  const Environment& environment;
  const std::vector<std::string>& arguments;
  const ChangeWorkers& change_workers;  ///< may be empty
  /// Set by the parsed command; run once the whole command line has proved to be right.
  std::function<void()> action;
  /// Requested by SIGINT, SIGTERM and SIGUSR1 while the action runs.
  std::stop_token stop;
  /// Parse what was given to each option, in their order; run before the action.
  std::vector<std::function<void()>> values = {};
};

/// `arguments` without the program's name. Returns when the command has succeeded; throws the typed
/// errors of base/errors.h. One at a time in a process, because of signals. `change_workers` is for
/// tests that break devices.
void run_program(const std::vector<std::string>& arguments, const Environment& environment,
                 Console& console, const ChangeWorkers& change_workers = {});

/// The whole of main: runs the program, turns errors into one message and an exit code.
int main_program(int argc, char** argv, const ChangeWorkers& change_workers = {});

}  // namespace virnucpro::cli
