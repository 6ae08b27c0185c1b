// What happens when a mapped file is cut short while it is in use.
#pragma once

namespace virnucpro::cli {

/// From now on SIGBUS ends the process with a message and exit code 3, that of models: their files
/// are what is mapped. Nothing is committed of what was computed since.
void end_on_lost_mapping();

}  // namespace virnucpro::cli
