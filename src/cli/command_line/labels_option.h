// --labels, of the commands that look at records whose truth is known.
#pragma once

#include <string>

#include "cli/command_line/command_options.h"

namespace virnucpro::cli {

/// Adds it, required; `wanted` ends the sentence of the columns that may be left out.
void add_labels_option(CommandOptions& options, std::string& labels,
                       const char* wanted = "group and source (the genome)");

}  // namespace virnucpro::cli
