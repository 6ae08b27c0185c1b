// Turns settings file, environment and flags into the options of one command.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/environment.h"
#include "config/given_options.h"
#include "config/options.h"

namespace virnucpro {

/// The flags that were given: Option::name -> text; "true" for a switch.
using FlagValues = std::map<std::string, std::string>;

/// Resolves and checks YAML file (--config, VIRNUCPRO_CONFIG) < environment < flags. An empty
/// variable counts as unset. Relative paths start at the working folder, whatever the source.
/// Throws ConfigError naming the source (the flag, the variable, or file, line and key), and for a
/// missing option that is needed.
GivenOptions resolve_options(Command command, const FlagValues& flags,
                             const Environment& environment);

/// Throws ConfigError unless there are inputs, none is empty, and at most one is standard
/// input.
void require_inputs(const std::vector<std::string>& inputs);

}  // namespace virnucpro
