#include "cli/devices_command.h"

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>

#include "base/format.h"
#include "cli/console.h"
#include "cli/escape.h"
#include "cli/help.h"
#include "cli/program.h"
#include "pipeline/devices.h"
#include "tensor/precision.h"

namespace virnucpro::cli {
namespace {

// Every backend takes every precision.
std::string precisions() {
  return fmt::format("{}, {}, {}", name_of(Precision::kFp16), name_of(Precision::kBf16),
                     name_of(Precision::kFp32));
}

std::string_view or_dash(std::string_view text) { return text.empty() ? "-" : text; }

void show_devices(Console& console) {
  console.print("device\tstatus\tdescription\tprecisions\tnote\n");
  for (const DeviceInfo& device : list_devices()) {
    console.print(fmt::format("{}\t{}\t{}\t{}\t{}\n", device.name,
                              device.usable ? "usable" : "not usable",
                              or_dash(escape_controls(device.description)),
                              device.usable ? precisions() : "-", or_dash(device.reason)));
  }
}

}  // namespace

void add_devices_command(CLI::App& app, Program& program) {
  CLI::App* command =
      app.add_subcommand("devices", "List where this program can compute here, best first");
  command->footer(
      help_footer({"virnucpro devices", "virnucpro predict contigs.fa --device cpu --threads 8"}));
  command->callback([&program] { program.action = [&program] { show_devices(program.console); }; });
}

}  // namespace virnucpro::cli
