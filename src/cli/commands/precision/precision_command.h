// `virnucpro precision`: how far a precision is from FP32 on these sequences, and why.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_precision_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
