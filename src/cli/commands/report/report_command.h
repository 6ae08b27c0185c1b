// `virnucpro report`: the results of a finished run again, with another threshold or classifier.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_report_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
