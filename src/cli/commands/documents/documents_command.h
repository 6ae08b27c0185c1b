// The commands `completion` and `man`, and the hidden `documents`: what the program writes about
// its own command line.
#pragma once

namespace CLI {
class App;
}  // namespace CLI

namespace virnucpro::cli {

struct Context;

/// `app` must have all other commands when one of these runs, and outlive it.
void add_documents_commands(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
