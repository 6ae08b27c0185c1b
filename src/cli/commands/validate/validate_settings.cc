#include "cli/commands/validate/validate_settings.h"

#include "cli/commands/shared/run_settings.h"
#include "config/resolve.h"

namespace virnucpro::cli {

ValidateSettings validate_settings(const std::vector<std::string>& arguments,
                                   const GivenOptions& options) {
  require_inputs(arguments);
  ValidateSettings settings;
  settings.inputs = arguments;
  options.store("expected-length", settings.expected_length);
  settings.genetic_code = genetic_code(options);
  settings.common = common_settings(options);
  return settings;
}

}  // namespace virnucpro::cli
