// `virnucpro embed`: reads and contigs in, embeddings out.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_embed_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
