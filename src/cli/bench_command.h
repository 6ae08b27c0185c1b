// `virnucpro bench`: how fast models run here, and how far that is from what the processor can do.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_bench_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
