// `virnucpro models pull`: fetches published models and makes a bundle of them.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_pull_command(CLI::App& models, Context& context);

}  // namespace virnucpro::cli
