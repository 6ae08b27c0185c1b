// Manual pages, section 1.
#pragma once

#include <string>

#include "cli/command_line/command_tree.h"

namespace virnucpro::cli {

/// "virnucpro-models-import".
std::string man_name(const CommandFacts& command);

/// The page of `command`, which is `program` or one of its commands, in the language of man(7).
/// Pure: the same program gives the same bytes.
std::string man_page(const CommandFacts& command, const CommandFacts& program);

}  // namespace virnucpro::cli
