#include "cli/command_line.h"

#include <CLI/CLI.hpp>

#include "base/errors.h"
#include "base/format.h"
#include "config/nearest_name.h"

namespace virnucpro::cli {
namespace {

std::string described(const Option& option) {
  if (option.type == OptionType::kSwitch || option.default_text.empty()) {
    return std::string(option.help);
  }
  return fmt::format("{} [{}]", option.help, option.default_text);
}

std::vector<std::string> flags_of(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> commands;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command->get_name());
  }
  return commands;
}

}  // namespace

void add_settings_arguments(CLI::App& app, Command command, SettingsArguments& arguments) {
  app.add_option("INPUT", arguments.inputs,
                 "FASTA, FASTQ, SAM, BAM or CRAM files, plain or gzip; - is standard input")
      ->type_name("");
  for (const Option& option : options()) {
    if (!option.belongs_to(command)) continue;
    const std::string flags(option.flags);
    const std::string name(option.name);
    if (option.type == OptionType::kSwitch) {
      const auto set = [&arguments, name](std::int64_t) { arguments.flags[name] = "true"; };
      app.add_flag_function(flags, set, described(option));
    } else {
      const auto set = [&arguments, name](const std::string& text) {
        arguments.flags[name] = text;
      };
      app.add_option_function<std::string>(flags, set, described(option))
          ->type_name(std::string(option.value_name));
    }
  }
}

void throw_unexpected(const CLI::App& app, const std::vector<std::string>& unexpected) {
  const std::string& given = unexpected.front();
  const bool is_flag = given.starts_with("-");
  const std::string what = is_flag ? "option" : commands_of(app).empty() ? "argument" : "command";
  const std::string name = given.substr(0, given.find('='));
  const std::string nearest = nearest_name(name, is_flag ? flags_of(app) : commands_of(app));
  const std::string prefix =
      app.get_parent() == nullptr ? "virnucpro" : "virnucpro " + app.get_name();
  throw ConfigError(fmt::format("unknown {} '{}'; {}'{} --help' lists what there is", what, given,
                                nearest.empty() ? "" : fmt::format("did you mean '{}'? ", nearest),
                                prefix));
}

}  // namespace virnucpro::cli
