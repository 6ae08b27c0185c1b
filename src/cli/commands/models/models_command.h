// `virnucpro models`: lists, describes, makes and checks model bundles.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_models_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
