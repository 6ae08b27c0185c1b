// --threshold, of the commands that call viruses anew.
#pragma once

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace virnucpro::cli {

/// Adds it; `threshold` has the default. The option belongs to the command.
CLI::Option* add_threshold_option(CLI::App& command, double& threshold);
/// Throws ConfigError unless it can be used.
void require_threshold(double threshold);

}  // namespace virnucpro::cli
