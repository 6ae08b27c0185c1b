// `virnucpro predict`: reads and contigs in, viral calls out.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_predict_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
