// `virnucpro evaluate`: judges a finished run by labels of its records.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_evaluate_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
