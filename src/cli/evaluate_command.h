// `virnucpro evaluate`: a finished run judged by labels of its records.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_evaluate_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
