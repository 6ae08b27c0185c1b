// `virnucpro shards`: how to split a run over the jobs of a scheduler.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_shards_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
