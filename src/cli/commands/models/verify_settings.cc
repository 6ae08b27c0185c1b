#include "cli/commands/models/verify_settings.h"

#include "cli/commands/shared/list_options.h"

namespace virnucpro::cli {

VerifySettings verify_settings(const std::vector<std::string>& arguments,
                               const GivenOptions& options) {
  VerifySettings settings;
  settings.bundle = arguments.front();
  options.store("published", settings.published);
  options.store("expected", settings.check.expected);
  if (!settings.check.expected.empty()) settings.published = true;
  settings.check.precisions = precisions_of(Command::kVerify, options, "");
  options.store("device", settings.check.device);
  options.store("threads", settings.check.threads);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
