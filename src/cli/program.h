// The whole program behind main: reads the command line and runs one command.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/environment.h"

namespace virnucpro::cli {

class Console;

/// What commands get from the program.
struct Program {
  Console& console;
  const Environment& environment;
  const std::vector<std::string>& arguments;
  /// Set by the parsed command; run once the whole command line has proved to be right.
  std::function<void()> action;
};

/// `arguments` without the program's name. Returns when the command has succeeded; throws the typed
/// errors of base/errors.h. One at a time in a process, because of signals.
void run_program(const std::vector<std::string>& arguments, const Environment& environment,
                 Console& console);

}  // namespace virnucpro::cli
