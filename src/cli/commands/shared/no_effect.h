// Flags that are taken for the sake of old command lines and change nothing.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "config/given_options.h"

namespace virnucpro::cli {

/// Those that were given, as "--parallel".
std::vector<std::string> flags_without_effect(const GivenOptions& options, Command command);

/// Names them in one line; nothing for none.
void log_no_effect(const Log& log, const std::vector<std::string>& flags);

}  // namespace virnucpro::cli
