// `virnucpro train`: a classifier of one's own, in a bundle.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_train_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
