// What the program says to somebody who starts it without a command.
#pragma once

#include <string>

namespace virnucpro::cli {

/// Three commands that work at once, on the example data where it lies beside the program (in an
/// installation or a build), and where to read on.
std::string first_steps();

}  // namespace virnucpro::cli
