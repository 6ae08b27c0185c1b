#include "cli/commands/models/convert_command.h"

#include <memory>
#include <string>
#include <vector>

#include "base/format.h"
#include "base/input_guard.h"
#include "bundles/convert_bundle.h"
#include "cli/command_line/command_options.h"
#include "cli/commands/models/convert_settings.h"
#include "cli/commands/shared/shown_work.h"
#include "cli/commands/shared/used_paths.h"
#include "cli/context.h"
#include "cli/terminal/console.h"
#include "cli/terminal/safe_text.h"
#include "devices/devices.h"
#include "weights/open_bundle.h"

namespace virnucpro::cli {
namespace {

void convert(Context& context, const ConvertSettings& settings) {
  const Log log = log_for(context, settings.common);
  log_origins(log, settings.common);
  InputGuard inputs;
  add_bundle(inputs, context.environment, "BUNDLE", settings.bundle);
  inputs.add("--config", settings.common.config);
  inputs.require_outside(settings.output);
  require_free_bundle_folder(settings.output, settings.force);
  const Bundle bundle = open_named_bundle(context.environment, settings.bundle);
  DeviceRegistry registry(context.environment);
  DeviceChoice device = registry.choose(settings.device);
  const std::unique_ptr<Backend> backend = registry.create_backend(device, settings.threads);
  backend->set_stop(context.stop);
  backend->bind_thread();
  log.info("rounding the dense layers of {} to {}; columns are sought on {}", bundle.origin(),
           name_of(settings.precision), device.name);
  const BundleInfo info = [&] {
    ShownWork shown(context, log, settings.common);
    return convert_bundle(bundle, settings.precision, settings.output, settings.force, *backend,
                          shown.progress(), context.stop);
  }();
  context.console.message(fmt::format("bundle '{}' with weights in {} is in {}",
                                      escape_controls(info.name), name_of(settings.precision),
                                      escape_controls(settings.output)));
}

}  // namespace

void add_convert_command(CLI::App& models, Context& context) {
  CommandOptions taken(models, context, "convert",
                       "Store the dense layers of a bundle in 8 bits, so that runs start sooner "
                       "and need less disk and memory",
                       {"virnucpro models convert published/ --precision int8 -o published_int8/",
                        "virnucpro predict contigs.fa --bundle published_int8/"});
  taken.argument("BUNDLE", "Name of an embedded or pulled bundle, or a folder",
                 "the name of an embedded or pulled bundle or the path of a bundle folder");
  taken.run_with(Command::kConvert, [&context](const std::vector<std::string>& arguments,
                                               const GivenOptions& options) {
    convert(context, convert_settings(arguments, options));
  });
}

}  // namespace virnucpro::cli
