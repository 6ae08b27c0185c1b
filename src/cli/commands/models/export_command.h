// `virnucpro models export`: packs a bundle for another machine.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_export_command(CLI::App& models, Context& context);

}  // namespace virnucpro::cli
