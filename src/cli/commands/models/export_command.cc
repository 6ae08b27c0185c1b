#include "cli/commands/models/export_command.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "base/format.h"
#include "base/input_guard.h"
#include "bundles/export_bundle.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/models/export_settings.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/safe_text.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {
namespace {

/// The folder in the archive: that of the bundle, so that the other machine finds it by this name.
std::string folder_in_archive(const std::string& place, const BundleInfo& info) {
  std::filesystem::path folder = std::filesystem::path(place).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  std::string name = folder.filename().string();
  if (name.empty() || name == "." || name == "..") name = info.name;
  // Names are the user's own and may be anything; a path in an archive must be plain and short.
  std::ranges::replace_if(
      name, [](unsigned char c) { return c == '/' || c < ' ' || c == 0x7f; }, '_');
  constexpr std::size_t kLongest = 60;  // with a part's name behind it, below the archive's 100
  return name.substr(0, kLongest);
}

void export_to_file(Context& context, const ExportSettings& settings) {
  log_origins(log_for(context, settings.common), settings.common);
  InputGuard inputs;
  add_bundle(inputs, context.environment, "the bundle", settings.bundle);
  inputs.add("--config", settings.common.config);
  inputs.require_apart(settings.output, "--output");
  const Bundle bundle = open_named_bundle(context.environment, settings.bundle);
  const std::string name =
      folder_in_archive(bundle_place(context.environment, settings.bundle), bundle.info());
  export_bundle(bundle, name, settings.output, settings.force, context.stop);
  const std::string shown = escape_controls(settings.output);
  context.console.message(fmt::format("bundle '{}' is in {}", escape_controls(name), shown));
  context.console.message(
      fmt::format("on the other machine: mkdir -p ~/.local/share/virnucpro && tar -xf {} -C "
                  "~/.local/share/virnucpro",
                  escape_controls(std::filesystem::path(settings.output).filename().string())));
}

}  // namespace

void add_export_command(CLI::App& models, Context& context) {
  CommandOptions taken(models, context, "export", "Pack a bundle into one file for another machine",
                       {"virnucpro models export virnucpro-500 -o virnucpro-500.tar"});
  taken.argument("BUNDLE", "Name of an embedded or pulled bundle, or a folder",
                 "the name of an embedded or pulled bundle or the path of a bundle folder");
  taken.run_with(Command::kExport,
                 [&context](const std::vector<std::string>& names, const GivenOptions& options) {
                   export_to_file(context, export_settings(names, options));
                 });
}

}  // namespace virnucpro::cli
