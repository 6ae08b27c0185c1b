// `virnucpro precision`: how far a precision is from FP32 on these sequences, and why.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_precision_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
