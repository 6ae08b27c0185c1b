// `virnucpro label-reads`: the calls of contigs for the reads that align to them.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_label_reads_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
