// `virnucpro dataset`: fragments of labelled genomes, for training and judging classifiers.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_dataset_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
