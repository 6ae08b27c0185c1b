// `virnucpro merge`: the shards of a run become one result.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_merge_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
