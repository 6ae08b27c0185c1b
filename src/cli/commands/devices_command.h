// `virnucpro devices`: where this program can compute on this machine.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Context;

void add_devices_command(CLI::App& app, Context& context);

}  // namespace virnucpro::cli
