// The settings of every command besides its work: its messages, and the sources of its settings.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "cli/context.h"
#include "config/given_options.h"

namespace virnucpro::cli {

struct CommonSettings {
  bool quiet = false;
  bool json_log = false;
  bool no_progress = false;          ///< always true where it is quiet
  std::vector<std::string> origins;  ///< of settings that the command line does not show
  std::string config;                ///< path of the settings file; empty for none
};

CommonSettings common_settings(const GivenOptions& options);

/// The log that the settings ask for; it also switches the console to JSON where they say so.
Log log_for(Context& context, const CommonSettings& settings);
/// One line for each setting that came from file or environment.
void log_origins(const Log& log, const CommonSettings& settings);

/// "virnucpro" and its arguments.
std::vector<std::string> command_line_of(const Context& context);

}  // namespace virnucpro::cli
