// `virnucpro embed`: reads and contigs in, embeddings out.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_embed_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
