// `virnucpro classify`: the command line of the published container.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_classify_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
