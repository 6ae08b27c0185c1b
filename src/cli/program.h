// The whole program behind main: reads the command line and runs one command.
#pragma once

#include <string>
#include <vector>

#include "base/environment.h"
#include "cli/context.h"

namespace virnucpro::cli {

class Console;

/// `arguments` without the program's name. Returns when the command has succeeded; throws the typed
/// errors of base/errors.h. One at a time in a process, because of signals. `change_workers` is for
/// tests that break devices.
void run_program(const std::vector<std::string>& arguments, const Environment& environment,
                 Console& console, const ChangeWorkers& change_workers = {});

/// The whole of main: runs the program, turns errors into one message and an exit code.
int main_program(int argc, char** argv, const ChangeWorkers& change_workers = {});

}  // namespace virnucpro::cli
