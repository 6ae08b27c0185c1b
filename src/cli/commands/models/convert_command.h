// `virnucpro models convert`: a bundle with its dense layers in 8 bits.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

/// Adds the command to `models`.
void add_convert_command(CLI::App& models, Context& context);

}  // namespace virnucpro::cli
