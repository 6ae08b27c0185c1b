// `virnucpro validate`: reads all input and says what is in it.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_validate_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
