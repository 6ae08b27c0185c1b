// From settings file, environment and flags to the options of one command.
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

/// YAML file (--config, VIRNUCPRO_CONFIG) < environment < flags, checked. An empty variable counts
/// as unset. Relative paths start at the working folder, whatever the source. Throws ConfigError
/// naming the source: the flag, the variable, or file, line and key; and for an option that is
/// needed and missing.
GivenOptions resolve_options(Command command, const FlagValues& flags,
                             const Environment& environment);

/// Throws ConfigError unless there are inputs, none of them is empty, and standard input is at most
/// one of them.
void require_inputs(const std::vector<std::string>& inputs);

}  // namespace virnucpro
