// `virnucpro devices`: where this program can compute on this machine.
#pragma once

namespace CLI {
class App;
}

namespace virnucpro::cli {

struct Program;

void add_devices_command(CLI::App& app, Program& program);

}  // namespace virnucpro::cli
