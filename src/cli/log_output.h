// Where the log of the library goes: standard error, as lines for people or as JSON.
#pragma once

#include "base/log.h"

namespace virnucpro::cli {

class Console;

struct LogOptions {
  bool quiet = false;  // warnings and errors only
  bool json = false;
};

/// "[12:00:00] warning: text", or {"time":...,"level":"warning","message":"text"}. Control
/// characters are escaped. Thread-safe; `console` must outlive the log and its copies.
Log make_log(Console& console, const LogOptions& options);

}  // namespace virnucpro::cli
