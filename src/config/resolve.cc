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

/// The option that names the settings file, and so cannot be set in it.
constexpr std::string_view kConfig = "config";

class Resolver {
 public:
  Resolver(Command command, const FlagValues& flags, const Environment& environment)
      : command_(command), flags_(flags), environment_(environment) {}

  GivenOptions run() {
    take_file();
    take_environment();
    take_flags();
    require_all_parts();
    require_needed();
    std::map<std::string, std::string, std::less<>> values;
    for (const Given& given : chosen_) values.emplace(given.option->name, given.value);
    GivenOptions result(command_, std::move(values));
    for (const Given& given : chosen_) {
      if (!given.origin.empty()) result.origins.push_back(given.origin);
      result.places.emplace(given.option->name, given.place);
    }
    result.config = std::move(config_);
    return result;
  }

 private:
  /// A value, and where it was given.
  struct Given {
    const Option* option;
    std::string value;
    std::string place;
    /// For the log; empty for what the command line shows.
    std::string origin;
  };
  /// The values that one source gives to this command.
  using Layer = std::vector<Given>;

  void add(Layer& layer, Given given) const {
    if (!given.option->accepts(given.value)) {
      refuse_value(given.place, given.value, given.option->values());
    }
    layer.push_back(std::move(given));
  }

  /// True for a choice among alternatives: a switch that is off chooses nothing.
  static bool is_choice(const Given& given) {
    return given.option->type != OptionType::kSwitch || parse_switch(given.value).value_or(false);
  }

  /// The index of `option` in `choices`; absent when it is not one of them.
  static std::optional<std::size_t> choice_of(const Alternatives& alternatives,
                                              std::string_view option) {
    for (std::size_t i = 0; i < alternatives.choices.size(); ++i) {
      const std::vector<std::string> names = split_list(alternatives.choices[i]);
      if (std::ranges::find(names, option) != names.end()) return i;
    }
    return std::nullopt;
  }

  /// Lets a source win over earlier ones, even where it has chosen another alternative.
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

  /// A settings file may serve several commands: keys of others are only checked, not used.
  void take_file() {
    config_ = config_path();
    if (config_.empty()) return;
    Layer layer;
    for (const YamlEntry& entry : read_yaml_file(config_)) {
      const std::vector<const Option*> rows = rows_of(entry.key);
      if (rows.empty()) throw unknown_key(entry);
      const std::string place = fmt::format("{}: line {}: {}", config_, entry.line, entry.key);
      const auto own =
          std::ranges::find_if(rows, [&](const Option* row) { return row->belongs_to(command_); });
      if (own == rows.end()) {
        const bool suits_one =
            std::ranges::any_of(rows, [&](const Option* row) { return suits(*row, entry); });
        if (!suits_one) refuse(*rows.front(), entry, place);
        continue;
      }
      if (!suits(**own, entry)) refuse(**own, entry, place);
      add(layer, {*own, entry.value, place,
                  fmt::format("{} = {} (from {}, line {})", (*own)->name, entry.value, config_,
                              entry.line)});
    }
    take(std::move(layer));
  }

  static std::vector<const Option*> rows_of(const std::string& key) {
    std::vector<const Option*> rows;
    for (const Option& option : options()) {
      if (option.yaml_key() == key && !key.empty()) rows.push_back(&option);
    }
    return rows;
  }

  /// True for a text in quotes where a number or a switch belongs.
  static bool is_misquoted(const Option& option, const YamlEntry& entry) {
    const bool may_be_text = option.type == OptionType::kText || option.type == OptionType::kChoice;
    return entry.quoted && !may_be_text;
  }

  static bool suits(const Option& option, const YamlEntry& entry) {
    return !is_misquoted(option, entry) && option.accepts(entry.value);
  }

  [[noreturn]] static void refuse(const Option& option, const YamlEntry& entry,
                                  const std::string& place) {
    if (is_misquoted(option, entry)) {
      throw ConfigError(fmt::format("{}: \"{}\" is a text; it takes {}, without quotes", place,
                                    entry.value, option.values()));
    }
    refuse_value(place, entry.value, option.values());
  }

  ConfigError unknown_key(const YamlEntry& entry) const {
    std::vector<std::string> keys;
    for (const Option& option : options()) {
      const std::string key = option.yaml_key();
      if (!key.empty() && std::ranges::find(keys, key) == keys.end()) keys.push_back(key);
    }
    const std::string nearest = nearest_name(entry.key, keys);
    const std::string advice = nearest.empty()
                                   ? fmt::format("known keys: {}", fmt::join(keys, ", "))
                                   : fmt::format("did you mean '{}'?", nearest);
    return ConfigError(
        fmt::format("{}: line {}: unknown key '{}'; {}", config_, entry.line, entry.key, advice));
  }

  void take_environment() {
    Layer layer;
    for (const Option& option : options()) {
      const std::string variable = option.variable();
      if (variable.empty() || option.name == kConfig || !option.belongs_to(command_)) continue;
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
      const Option* option = find_option(command_, name);
      check(option != nullptr, "a flag '{}' that is no option of '{}'", name, name_of(command_));
      if (option->name != kConfig) add(layer, {option, value, "--" + name, {}});
    }
    take(std::move(layer));
  }

  void require_all_parts() const {
    const bool may_be_bundle = find_option(command_, "dnabert") && find_option(command_, "bundle");
    if (!may_be_bundle || (!has("dnabert") && !has("esm2") && !has("classifier"))) return;
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

  void require_needed() const {
    for (const Option& option : options()) {
      if (!option.belongs_to(command_) || option.missing.empty() || has(option.name)) continue;
      throw ConfigError(std::string(option.missing));
    }
  }

  Command command_;
  const FlagValues& flags_;
  const Environment& environment_;
  std::string config_;
  Layer chosen_;  // chosen so far, each option once
};

}  // namespace

GivenOptions resolve_options(Command command, const FlagValues& flags,
                             const Environment& environment) {
  return Resolver(command, flags, environment).run();
}

void require_inputs(const std::vector<std::string>& inputs) {
  if (inputs.empty()) {
    throw ConfigError("no input; name sequence files, or - for standard input");
  }
  if (std::ranges::any_of(inputs, [](const std::string& path) { return path.empty(); })) {
    throw ConfigError("an input path is empty");
  }
  if (std::ranges::count(inputs, "-") > 1) {
    throw ConfigError("standard input (-) can be read only once");
  }
}

}  // namespace virnucpro
