#include "config/resolve.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/number_text.h"
#include "config/nearest_name.h"
#include "config/yaml_file.h"

namespace virnucpro {
namespace {

class Resolver {
 public:
  Resolver(Command command, const FlagValues& flags, const Environment& environment)
      : command_(command), flags_(flags), environment_(environment) {
    if (command != Command::kPredict) result_.settings.output.clear();
  }

  ResolvedSettings run(std::vector<std::string> inputs) {
    take_file();
    take_environment();
    take_flags();
    apply();
    RunSettings& settings = result_.settings;
    settings.inputs = std::move(inputs);
    require_all_parts();
    validate();
    if (settings.quiet) settings.no_progress = true;
    return std::move(result_);
  }

 private:
  /// A value, and where it stands.
  struct Given {
    const Option* option;
    std::string value;
    std::string place;
    /// For the log; empty for what the command line shows.
    std::string origin;
  };
  /// What one source gives to this command.
  using Layer = std::vector<Given>;

  /// Checks the value. A settings file may serve several commands: what belongs to others is
  /// checked, not used.
  void add(Layer& layer, Given given) const {
    RunSettings unused;
    if (!given.option->assign(unused, given.value)) {
      refuse_value(given.place, given.value, given.option->values);
    }
    if (given.option->belongs_to(command_)) layer.push_back(std::move(given));
  }

  /// True for a choice among alternatives: a switch that is off chooses nothing.
  static bool is_choice(const Given& given) {
    return given.option->type != OptionType::kSwitch || parse_switch(given.value).value_or(false);
  }

  /// The place of `option` in `choices`; nothing when it is none of them.
  static std::optional<std::size_t> choice_of(const Alternatives& alternatives,
                                              std::string_view option) {
    for (std::size_t i = 0; i < alternatives.choices.size(); ++i) {
      std::string_view names = alternatives.choices[i];
      while (!names.empty()) {
        const std::size_t comma = std::min(names.find(','), names.size());
        if (names.substr(0, comma) == option) return i;
        names.remove_prefix(std::min(comma + 1, names.size()));
      }
    }
    return std::nullopt;
  }

  /// Lets a source win over those before it, also where it has chosen another alternative.
  void take(Layer layer) {
    for (const Alternatives& each : alternatives()) {
      const Given* first = nullptr;
      std::size_t chosen = 0;
      for (const Given& given : layer) {
        const std::optional<std::size_t> choice = choice_of(each, given.option->name);
        if (!choice || !is_choice(given)) continue;
        if (first != nullptr && *choice != chosen) refuse_both(*first, given, each);
        first = &given;
        chosen = *choice;
      }
      if (first == nullptr) continue;
      std::erase_if(chosen_, [&](const Given& earlier) {
        const std::optional<std::size_t> choice = choice_of(each, earlier.option->name);
        return choice && *choice != chosen;
      });
    }
    for (Given& given : layer) {
      std::erase_if(chosen_, [&](const Given& other) { return other.option == given.option; });
      chosen_.push_back(std::move(given));
    }
  }

  [[noreturn]] static void refuse_both(const Given& one, const Given& other,
                                       const Alternatives& alternatives) {
    if (one.origin.empty()) throw ConfigError(std::string(alternatives.message));
    throw ConfigError(fmt::format("{} and {}: {}", one.place, other.place, alternatives.message));
  }

  void apply() {
    for (const Given& given : chosen_) {
      check(given.option->assign(result_.settings, given.value), "a value that was taken before");
      if (!given.origin.empty()) result_.origins.push_back(given.origin);
    }
  }

  bool has(std::string_view name) const {
    return std::ranges::any_of(chosen_,
                               [&](const Given& given) { return given.option->name == name; });
  }

  std::string config_path() const {
    if (const auto flag = flags_.find("config"); flag != flags_.end()) {
      if (flag->second.empty()) throw ConfigError("--config: the path of the file is empty");
      return flag->second;
    }
    return environment_("VIRNUCPRO_CONFIG").value_or("");
  }

  void take_file() {
    const std::string path = config_path();
    if (path.empty()) return;
    result_.config = path;
    Layer layer;
    for (const YamlEntry& entry : read_yaml_file(path)) {
      const Option* option = find_key(entry.key);
      const std::string place = fmt::format("{}: line {}: {}", path, entry.line, entry.key);
      if (option == nullptr) throw unknown_key(path, entry);
      if (entry.quoted && option->type != OptionType::kText) {
        throw ConfigError(fmt::format("{}: \"{}\" is a text; it takes {}, without quotes", place,
                                      entry.value, option->values));
      }
      add(layer,
          {option, entry.value, place,
           fmt::format("{} = {} (from {}, line {})", option->name, entry.value, path, entry.line)});
    }
    take(std::move(layer));
  }

  static const Option* find_key(const std::string& key) {
    for (const Option& option : options()) {
      if (!option.yaml_key.empty() && option.yaml_key == key) return &option;
    }
    return nullptr;
  }

  static ConfigError unknown_key(const std::string& path, const YamlEntry& entry) {
    std::vector<std::string> keys;
    for (const Option& option : options()) {
      if (!option.yaml_key.empty()) keys.emplace_back(option.yaml_key);
    }
    const std::string nearest = nearest_name(entry.key, keys);
    const std::string advice = nearest.empty()
                                   ? fmt::format("known keys: {}", fmt::join(keys, ", "))
                                   : fmt::format("did you mean '{}'?", nearest);
    return ConfigError(
        fmt::format("{}: line {}: unknown key '{}'; {}", path, entry.line, entry.key, advice));
  }

  void take_environment() {
    Layer layer;
    for (const Option& option : options()) {
      if (option.variable.empty() || option.assign == nullptr || !option.belongs_to(command_)) {
        continue;
      }
      const std::string variable(option.variable);
      const std::optional<std::string> value = environment_(variable);
      if (!value || value->empty()) continue;
      add(layer, {&option, *value, variable,
                  fmt::format("{} = {} (from {})", option.name, *value, variable)});
    }
    take(std::move(layer));
  }

  void take_flags() {
    Layer layer;
    for (const auto& [name, value] : flags_) {
      const Option* option = find_option(name);
      check(option != nullptr, "a flag '{}' that is not in the table of options", name);
      check(option->belongs_to(command_), "a flag '{}' of another command", name);
      if (option->assign != nullptr) add(layer, {option, value, "--" + name, {}});
    }
    take(std::move(layer));
  }

  void require_all_parts() const {
    if (!has("dnabert") && !has("esm2") && !has("classifier")) return;
    const bool needs_classifier = command_ != Command::kEmbed;
    std::vector<std::string_view> missing;
    if (!has("dnabert")) missing.emplace_back("--dnabert");
    if (!has("esm2")) missing.emplace_back("--esm2");
    if (needs_classifier && !has("classifier")) missing.emplace_back("--classifier");
    if (!missing.empty()) {
      throw ConfigError(fmt::format(
          "own parts need {} together; missing: {}",
          needs_classifier ? "--dnabert, --esm2 and --classifier" : "--dnabert and --esm2",
          fmt::join(missing, ", ")));
    }
  }

  void validate() const {
    const RunSettings& settings = result_.settings;
    if (settings.inputs.empty()) {
      throw ConfigError("no input; name sequence files, or - for standard input");
    }
    const auto empty = [](const std::string& path) { return path.empty(); };
    if (std::any_of(settings.inputs.begin(), settings.inputs.end(), empty)) {
      throw ConfigError("an input path is empty");
    }
    if (std::count(settings.inputs.begin(), settings.inputs.end(), "-") > 1) {
      throw ConfigError("standard input (-) can be read only once");
    }
    if (command_ == Command::kEmbed && settings.output.empty()) {
      throw ConfigError("embed needs the file to write: -o FEATURES.h5");
    }
  }

  Command command_;
  const FlagValues& flags_;
  const Environment& environment_;
  ResolvedSettings result_;
  Layer chosen_;  // by now, each option once
};

}  // namespace

ResolvedSettings resolve_settings(Command command, std::vector<std::string> inputs,
                                  const FlagValues& flags, const Environment& environment) {
  return Resolver(command, flags, environment).run(std::move(inputs));
}

}  // namespace virnucpro
