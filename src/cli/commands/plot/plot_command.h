// `virnucpro plot`: figures of results and evaluations.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_plot_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
