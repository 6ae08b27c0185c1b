#include "cli/commands/precision/precision_settings.h"

#include "config/resolve.h"

namespace virnucpro::cli {

PrecisionSettings precision_settings(const std::vector<std::string>& arguments,
                                     const GivenOptions& options) {
  require_inputs(arguments);
  PrecisionSettings settings;
  settings.inputs = arguments;
  options.store("report-dir", settings.report_folder);
  options.store("limit", settings.limit);
  options.store("force", settings.force);
  settings.run = run_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
