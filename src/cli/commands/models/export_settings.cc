#include "cli/commands/models/export_settings.h"

namespace virnucpro::cli {

ExportSettings export_settings(const std::vector<std::string>& arguments,
                               const GivenOptions& options) {
  ExportSettings settings;
  settings.bundle = arguments.front();
  options.store("output", settings.output);
  options.store("force", settings.force);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
