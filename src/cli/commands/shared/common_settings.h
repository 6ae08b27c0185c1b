// What every command is told besides its work: how it speaks, and where its settings came from.
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
  bool no_progress = false;          ///< always so where it is quiet
  std::vector<std::string> origins;  ///< of settings that the command line does not show
  std::string config;                ///< path of the settings file; empty for none
};

CommonSettings common_settings(const GivenOptions& options);

/// The log that is asked for; from now on the console speaks JSON where it is to.
Log log_for(Context& context, const CommonSettings& settings);
/// One line for each setting that came from file or environment.
void log_origins(const Log& log, const CommonSettings& settings);

/// "virnucpro" and its arguments.
std::vector<std::string> command_line_of(const Context& context);

}  // namespace virnucpro::cli
