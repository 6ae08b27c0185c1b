// `virnucpro bench`: how fast models run here, compared with the best that the processor can do.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_bench_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
