// The reference of all commands and options, as Markdown.
#pragma once

#include <string>

#include "cli/command_line/command_tree.h"

namespace virnucpro::cli {

/// docs/reference/options.md: a section for each command, with a table of its options. Pure.
std::string options_page(const CommandFacts& program);

}  // namespace virnucpro::cli
