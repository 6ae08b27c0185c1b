// Ends the program when a mapped file is cut short while it is in use.
#pragma once

namespace virnucpro::cli {

/// From now on SIGBUS ends the process with a message and exit code 3, that of models, because only
/// their files are mapped. Nothing that was computed since is committed.
void end_on_lost_mapping();

}  // namespace virnucpro::cli
