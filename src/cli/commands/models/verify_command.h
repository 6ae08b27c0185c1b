// `virnucpro models verify`: every part of a bundle against its hash, and against the published
// run.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

/// Adds the command to `models`.
void add_verify_command(CLI::App& models, Context& context);

}  // namespace virnucpro::cli
