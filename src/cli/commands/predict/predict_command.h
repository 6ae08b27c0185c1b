// `virnucpro predict`: reads and contigs in, viral calls out.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_predict_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
