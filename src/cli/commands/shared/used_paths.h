// The paths that commands read and write, to check that none is both.
#pragma once

#include <string>
#include <vector>

#include "base/input_guard.h"
#include "cli/commands/shared/run_settings.h"

namespace virnucpro::cli {

/// The inputs of a command, finished runs among them, and its settings file.
InputGuard guard_of(const std::vector<std::string>& inputs, const std::string& config);
/// The same, with the models of a command that runs some.
InputGuard guard_of(const Environment& environment, const std::vector<std::string>& inputs,
                    const RunSettings& settings);
/// Adds a bundle by its name or folder; an embedded one is not a file.
void add_bundle(InputGuard& guard, const Environment& environment, const std::string& what,
                const std::string& name);
/// Adds the database of a finished run, and the run's own inputs: a later result may have the name
/// of one of them.
void add_run(InputGuard& guard, const std::string& what, const std::string& folder);
/// Adds the inputs alone.
void add_inputs_of_run(InputGuard& guard, const std::string& what, const std::string& folder);
/// Adds all files that results in this folder have, whether they are there yet or not.
void add_results(InputGuard& guard, const std::string& what, const std::string& folder);

/// The names of results in a folder, with those of the run's database where it is written, too.
std::vector<const char*> prediction_names(bool with_database);

}  // namespace virnucpro::cli
