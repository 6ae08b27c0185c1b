// The end of the library's log: standard error, as lines for users or as JSON.
#pragma once

#include <string>
#include <string_view>

#include "base/log.h"

namespace virnucpro::cli {

class Console;

struct LogOptions {
  bool quiet = false;  // warnings and errors only
  bool json = false;
};

/// One JSON object on one line: time, level, message and `more`, which is JSON text that begins
/// with a comma.
std::string json_log_line(std::string_view level, std::string_view message,
                          std::string_view more = {});

/// "[12:00:00] warning: text", or {"time":...,"level":"warning","message":"text"}. Control
/// characters are escaped. Thread-safe; `console` must outlive the log and its copies.
Log make_log(Console& console, const LogOptions& options);

}  // namespace virnucpro::cli
