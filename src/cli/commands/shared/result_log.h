// What the commands that write the results of stored runs say of them.
#pragma once

#include <string>

#include "base/log.h"
#include "results/stored_results.h"

namespace virnucpro::cli {

/// The last line of the log: the files in `folder` that are worth a look.
void log_where(const std::string& folder, const Log& log);
/// The last lines of the log.
void log_results(const StoredResults& results, const std::string& folder, const Log& log);

}  // namespace virnucpro::cli
