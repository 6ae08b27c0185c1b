// `virnucpro doctor`: does a run work here, and if not, what is to be done?
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_doctor_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
