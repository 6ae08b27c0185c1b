#include "cli/commands/models/convert_settings.h"

namespace virnucpro::cli {

ConvertSettings convert_settings(const std::vector<std::string>& arguments,
                                 const GivenOptions& options) {
  ConvertSettings settings;
  settings.bundle = arguments.front();
  options.store("output-dir", settings.output);
  options.store("force", settings.force);
  options.store("precision", settings.precision, kPrecisions);
  options.store("device", settings.device);
  options.store("threads", settings.threads);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
