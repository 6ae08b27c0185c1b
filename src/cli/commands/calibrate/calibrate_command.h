// `virnucpro calibrate`: a bundle whose scores become probabilities.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_calibrate_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
