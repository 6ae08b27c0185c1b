#pragma once
namespace CLI {
class App;
}
namespace virnucpro::cli {
struct Program;
inline void add_embed_command(CLI::App&, Program&) {}
}  // namespace virnucpro::cli
