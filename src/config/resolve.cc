#include "config/resolve.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "config/nearest_name.h"
#include "config/yaml_file.h"

namespace virnucpro {
namespace {

// Rising precedence.
enum class Source { kDefault, kFile, kEnvironment, kFlag };

class Resolver {
 public:
  Resolver(Command command, const FlagValues& flags, const Environment& environment)
      : command_(command), flags_(flags), environment_(environment) {
    if (command != Command::kPredict) result_.settings.output.clear();
  }

  ResolvedSettings run(std::vector<std::string> inputs) {
    apply_file();
    apply_environment();
    apply_flags();
    RunSettings& settings = result_.settings;
    settings.inputs = std::move(inputs);
    choose_models();
    validate();
    if (settings.quiet) settings.no_progress = true;
    return std::move(result_);
  }

 private:
  void assign(const Option& option, Source source, const std::string& place,
              const std::string& value) {
    // A settings file may serve several commands: what belongs to others is checked, not used.
    RunSettings unused;
    const bool is_used = option.belongs_to(command_);
    if (!option.assign(is_used ? result_.settings : unused, value)) {
      throw ConfigError(
          fmt::format("{}: '{}' cannot be used; it takes {}", place, value, option.values));
    }
    if (is_used) sources_[std::string(option.name)] = source;
  }

  std::string config_path() const {
    if (const auto flag = flags_.find("config"); flag != flags_.end()) {
      if (flag->second.empty()) throw ConfigError("--config: the path of the file is empty");
      return flag->second;
    }
    return environment_("VIRNUCPRO_CONFIG").value_or("");
  }

  void apply_file() {
    const std::string path = config_path();
    if (path.empty()) return;
    for (const YamlEntry& entry : read_yaml_file(path)) {
      const Option* option = find_key(entry.key);
      const std::string place = fmt::format("{}: line {}: {}", path, entry.line, entry.key);
      if (option == nullptr) throw unknown_key(path, entry);
      if (entry.quoted && option->type != OptionType::kText) {
        throw ConfigError(fmt::format("{}: \"{}\" is a text; it takes {}, without quotes", place,
                                      entry.value, option->values));
      }
      assign(*option, Source::kFile, place, entry.value);
      if (option->belongs_to(command_)) {
        result_.origins.push_back(
            fmt::format("{} = {} (from {}, line {})", option->name, entry.value, path, entry.line));
      }
    }
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

  void apply_environment() {
    for (const Option& option : options()) {
      if (option.variable.empty() || option.assign == nullptr || !option.belongs_to(command_)) {
        continue;
      }
      const std::string variable(option.variable);
      const std::optional<std::string> value = environment_(variable);
      if (!value || value->empty()) continue;
      assign(option, Source::kEnvironment, variable, *value);
      if (!flags_.contains(std::string(option.name))) {
        result_.origins.push_back(fmt::format("{} = {} (from {})", option.name, *value, variable));
      }
    }
  }

  void apply_flags() {
    for (const auto& flag : flags_) {
      const std::string& name = flag.first;
      const auto option = std::find_if(options().begin(), options().end(),
                                       [&](const Option& o) { return o.name == name; });
      check(option != options().end(), "a flag '{}' that is not in the table of options", name);
      check(option->belongs_to(command_), "a flag '{}' of another command", name);
      if (option->assign != nullptr) assign(*option, Source::kFlag, "--" + name, flag.second);
    }
  }

  Source source_of(const std::string& name) const {
    const auto found = sources_.find(name);
    return found == sources_.end() ? Source::kDefault : found->second;
  }

  // The stronger source wins as a whole: a bundle from a flag silences parts from the file.
  void choose_models() {
    RunSettings& settings = result_.settings;
    const Source parts =
        std::max({source_of("dnabert"), source_of("esm2"), source_of("classifier")});
    if (parts == Source::kDefault) return;
    const Source bundle = source_of("bundle");
    if (parts == bundle) {
      throw ConfigError(
          "--bundle and own parts (--dnabert, --esm2, --classifier) exclude each other; give one "
          "of the two");
    }
    if (bundle > parts) {
      settings.dnabert.clear();
      settings.esm2.clear();
      settings.classifier.clear();
      return;
    }
    const bool needs_classifier = command_ != Command::kEmbed;
    std::vector<std::string_view> missing;
    if (settings.dnabert.empty()) missing.emplace_back("--dnabert");
    if (settings.esm2.empty()) missing.emplace_back("--esm2");
    if (needs_classifier && settings.classifier.empty()) missing.emplace_back("--classifier");
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
    if (settings.force && settings.resume) {
      throw ConfigError("--force starts over and --resume goes on; give one of the two");
    }
    if (settings.force && settings.repair) {
      throw ConfigError(
          "--force starts over and --repair keeps what is sound; give one of the two");
    }
    if (flags_.contains("device") && flags_.contains("gpus")) {
      throw ConfigError("--device and --gpus both name devices; give one of the two");
    }
    require_one_call_rule(settings.calls);
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
  std::map<std::string, Source> sources_;
};

}  // namespace

ResolvedSettings resolve_settings(Command command, std::vector<std::string> inputs,
                                  const FlagValues& flags, const Environment& environment) {
  return Resolver(command, flags, environment).run(std::move(inputs));
}

}  // namespace virnucpro
