// `virnucpro train`: makes a bundle with a classifier of the user's own.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_train_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
