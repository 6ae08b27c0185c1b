// `virnucpro models`: lists, describes, makes and checks model bundles.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_models_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
