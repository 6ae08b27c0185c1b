// What the commands over finished runs have in common: how they are asked and what they say.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "cli/command_line/command_options.h"
#include "cli/context.h"
#include "pipeline/stored_results.h"

namespace virnucpro::cli {

struct OutputOptions {
  bool quiet = false;
  bool json_log = false;
};

/// Adds --quiet and --json-log.
void add_output_options(CommandOptions& options, OutputOptions& target);
/// The log that they ask for.
Log log_for(Context& context, const OutputOptions& options);
/// "virnucpro" and its arguments.
std::vector<std::string> command_line_of(const Context& context);
/// The last lines of the log.
void log_results(const StoredResults& results, const std::string& folder, const Log& log);

}  // namespace virnucpro::cli
