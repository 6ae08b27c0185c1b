#include "cli/commands/precision/precision_settings.h"

#include "base/errors.h"
#include "cli/commands/shared/list_options.h"
#include "config/resolve.h"

namespace virnucpro::cli {

PrecisionSettings precision_settings(const std::vector<std::string>& arguments,
                                     const GivenOptions& options) {
  require_inputs(arguments);
  PrecisionSettings settings;
  settings.inputs = arguments;
  options.store("report-dir", settings.report_folder);
  options.store("save-bundle", settings.bundle_folder);
  settings.precisions = precisions_of(Command::kPrecision, options);
  options.store("limit", settings.limit);
  options.store("force", settings.force);
  settings.run = run_settings(options);
  settings.run.models.frames = frame_choice(options);
  if (!settings.bundle_folder.empty() && settings.run.models.has_own_parts()) {
    throw ConfigError(
        "--save-bundle copies a bundle, and the models are own parts (--dnabert, --esm2, "
        "--classifier); make a bundle of them with 'virnucpro models import' first");
  }
  return settings;
}

}  // namespace virnucpro::cli
