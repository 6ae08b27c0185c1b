#include "cli/commands/merge/merge_settings.h"

namespace virnucpro::cli {

MergeSettings merge_settings(const std::vector<std::string>& arguments,
                             const GivenOptions& options) {
  MergeSettings settings;
  settings.request.folders = arguments;
  options.store("output-dir", settings.request.output);
  options.store("force", settings.request.force);
  options.store("legacy-format", settings.request.legacy, kLegacyFormats);
  options.store("format", settings.request.format, kRowFormats);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
