// `virnucpro validate`: reads all input and says what is in it.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_validate_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
