// `virnucpro report`: the results of a finished run once more, by another threshold or classifier.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_report_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
