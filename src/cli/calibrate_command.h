// `virnucpro calibrate`: a bundle whose scores become probabilities.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_calibrate_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
