// The error about words on the command line that no command takes.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace virnucpro::cli {

/// Throws ConfigError for the first of `unexpected`, with the nearest flag of `app` (or command,
/// where none was given).
[[noreturn]] void throw_unexpected(const CLI::App& app, const std::vector<std::string>& unexpected);

}  // namespace virnucpro::cli
