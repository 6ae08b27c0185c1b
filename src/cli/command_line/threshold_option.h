// --threshold, of the commands that call viruses anew.
#pragma once

#include "cli/command_line/command_options.h"

namespace virnucpro::cli {

/// Adds it; `Target` is a double with the default or an optional one.
template <typename Target>
void add_threshold_option(CommandOptions& options, Target& threshold) {
  options.number("--threshold", "T", "Call viral from this P(virus) on, above 0 and below 1 [0.5]",
                 threshold, {.low_is_open = true, .high_is_open = true});
}

}  // namespace virnucpro::cli
