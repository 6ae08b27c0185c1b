#include "cli/commands/shared/common_settings.h"

#include "cli/terminal/console.h"
#include "cli/terminal/log_output.h"

namespace virnucpro::cli {

CommonSettings common_settings(const GivenOptions& options) {
  CommonSettings settings;
  if (options.takes("quiet")) options.store("quiet", settings.quiet);
  if (options.takes("json-log")) options.store("json-log", settings.json_log);
  if (options.takes("no-progress")) options.store("no-progress", settings.no_progress);
  if (settings.quiet) settings.no_progress = true;
  settings.origins = options.origins;
  settings.config = options.config;
  return settings;
}

Log log_for(Context& context, const CommonSettings& settings) {
  if (settings.json_log) context.console.use_json();
  return make_log(context.console, {settings.quiet, settings.json_log});
}

void log_origins(const Log& log, const CommonSettings& settings) {
  for (const std::string& origin : settings.origins) log.info("setting {}", origin);
}

std::vector<std::string> command_line_of(const Context& context) {
  std::vector<std::string> line = {"virnucpro"};
  line.insert(line.end(), context.arguments.begin(), context.arguments.end());
  return line;
}

}  // namespace virnucpro::cli
