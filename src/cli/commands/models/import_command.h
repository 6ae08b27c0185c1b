// `virnucpro models import`: makes a bundle from checkpoints.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_import_command(CLI::App& models, Context& context);

}  // namespace virnucpro::cli
