// `virnucpro dataset`: fragments of labelled genomes, for training and judging classifiers.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_dataset_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
