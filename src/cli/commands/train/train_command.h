// `virnucpro train`: a classifier of one's own, in a bundle.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_train_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
