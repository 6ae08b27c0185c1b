// From defaults, settings file, environment and flags to the settings of one run.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/environment.h"
#include "config/options.h"
#include "config/settings.h"

namespace virnucpro {

/// The flags that were given: Option::name -> text; "true" for a switch.
using FlagValues = std::map<std::string, std::string>;

/// The settings, and one line for each value that came from file or environment: worth a log line,
/// since the command line does not show it.
struct ResolvedSettings {
  RunSettings settings;
  std::vector<std::string> origins;
  /// Path of the settings file; empty for none.
  std::string config;
};

/// defaults < YAML file (--config, VIRNUCPRO_CONFIG) < environment < flags, validated. An empty
/// variable counts as unset. Relative paths start at the working folder, whatever the source.
/// Throws ConfigError naming the source: the flag, the variable, or file, line and key.
ResolvedSettings resolve_settings(Command command, std::vector<std::string> inputs,
                                  const FlagValues& flags, const Environment& environment);

}  // namespace virnucpro
