#include "cli/command_line/unexpected.h"

#include <CLI/CLI.hpp>

#include "base/errors.h"
#include "base/format.h"
#include "cli/command_line/argument_list.h"
#include "config/nearest_name.h"

namespace virnucpro::cli {
namespace {

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

void throw_unexpected(const CLI::App& app, const std::vector<std::string>& unexpected) {
  const std::string given = as_given(unexpected.front());
  const bool is_flag = given.starts_with("-") && !is_argument(unexpected.front());
  const std::string what = is_flag ? "option" : commands_of(app).empty() ? "argument" : "command";
  const std::string name = given.substr(0, given.find('='));
  const std::string nearest = nearest_name(name, is_flag ? flags_of(app) : commands_of(app));
  std::string prefix = app.get_parent() == nullptr ? "virnucpro" : app.get_name();
  // "virnucpro models import": a subcommand is named with its parent.
  for (const CLI::App* above = app.get_parent(); above != nullptr; above = above->get_parent()) {
    prefix = (above->get_parent() == nullptr ? "virnucpro" : above->get_name()) + " " + prefix;
  }
  throw ConfigError(fmt::format("unknown {} '{}'; {}'{} --help' lists what there is", what, given,
                                nearest.empty() ? "" : fmt::format("did you mean '{}'? ", nearest),
                                prefix));
}

}  // namespace virnucpro::cli
