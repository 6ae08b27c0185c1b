#include "cli/commands/models/pull_settings.h"

#include "base/errors.h"
#include "weights/bundle_places.h"

namespace virnucpro::cli {

PullSettings pull_settings(const std::vector<std::string>& arguments, const GivenOptions& options,
                           const Environment& environment) {
  PullSettings settings;
  options.store("list", settings.list);
  if (arguments.size() > 1) {
    throw ConfigError("models pull takes one NAME; 'virnucpro models pull --list' shows them");
  }
  if (arguments.empty() && !settings.list) {
    throw ConfigError("models pull needs a NAME; 'virnucpro models pull --list' shows them");
  }
  if (!arguments.empty()) settings.name = arguments.front();
  const std::vector<std::string> places = bundle_places(environment);
  settings.request.folder = places.front();
  options.store("to", settings.request.folder);
  options.store("from", settings.request.from);
  options.store("registry", settings.registry);
  options.store("connections", settings.request.connections);
  options.store("keep-downloads", settings.request.keep_downloads);
  options.store("force", settings.request.force);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
