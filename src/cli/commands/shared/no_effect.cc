#include "cli/commands/shared/no_effect.h"

#include "base/format.h"

namespace virnucpro::cli {

std::vector<std::string> flags_without_effect(const GivenOptions& options, Command command) {
  std::vector<std::string> flags;
  for (const Option& option : virnucpro::options()) {
    if (!option.has_effect && option.belongs_to(command) && options.find(option.name) != nullptr) {
      flags.push_back(fmt::format("--{}", option.name));
    }
  }
  return flags;
}

void log_no_effect(const Log& log, const std::vector<std::string>& flags) {
  if (flags.empty()) return;
  std::string names;
  for (const std::string& flag : flags) names += (names.empty() ? "" : ", ") + flag;
  log.info("without effect in this program: {}", names);
}

}  // namespace virnucpro::cli
