#include "cli/commands/doctor/doctor_settings.h"

#include "base/errors.h"
#include "config/options.h"
#include "config/resolve.h"

namespace virnucpro::cli {
namespace {

/// What predict has no other source for, and what only takes old command lines.
bool is_shown(const Option& option) {
  return option.belongs_to(Command::kPredict) && option.has_effect && option.name != "config" &&
         option.sources != OptionSources::kNone;
}

/// The options of `doctor` that `predict` has too, as it would get them.
FlagValues flags_for_predict(const GivenOptions& options) {
  FlagValues flags;
  if (!options.config.empty()) flags["config"] = options.config;
  for (const auto& [name, place] : options.places) {
    const Option* option = find_option(Command::kPredict, name);
    if (option != nullptr && place.starts_with("--")) flags[name] = *options.find(name);
  }
  return flags;
}

}  // namespace

DoctorSettings doctor_settings(const GivenOptions& options, const Environment& environment) {
  DoctorSettings settings;
  options.store("json", settings.json);
  options.store("no-speed", settings.no_speed);
  settings.bundle = kDefaultBundle;
  options.store("bundle", settings.bundle);
  options.store("device", settings.device);
  options.store("threads", settings.threads);
  settings.output = kDefaultOutputFolder;
  options.store("output-dir", settings.output);
  settings.common = common_settings(options);
  try {
    const GivenOptions run =
        resolve_options(Command::kPredict, flags_for_predict(options), environment);
    for (const Option& option : virnucpro::options()) {
      if (!is_shown(option)) continue;
      const std::string* value = run.find(option.name);
      const auto place = run.places.find(option.name);
      const std::string usual =
          option.default_text.empty() ? "-" : std::string(option.default_text);
      settings.in_force.push_back({std::string(option.name), value == nullptr ? usual : *value,
                                   place == run.places.end() ? "default" : place->second});
    }
  } catch (const ConfigError& error) {
    settings.refused = error.what();
  }
  for (const PolicyVariable& variable : policy_variables()) {
    const std::optional<std::string> value = environment(std::string(variable.name));
    if (!value || value->empty()) continue;
    settings.in_force.push_back(
        {std::string(variable.name), *value, "overrules flags and settings"});
  }
  return settings;
}

}  // namespace virnucpro::cli
