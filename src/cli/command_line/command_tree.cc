#include "cli/command_line/command_tree.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>

namespace virnucpro::cli {
namespace {

std::string name_from_root(const CLI::App& app) {
  if (app.get_parent() == nullptr) return "";
  const std::string above = name_from_root(*app.get_parent());
  return above.empty() ? app.get_name() : above + " " + app.get_name();
}

/// The row of the table for a command of this name; null where it has none.
const Option* row_of(std::string_view command, std::string_view option) {
  const auto found =
      std::ranges::find_if(commands(), [&](Command each) { return name_of(each) == command; });
  return found == commands().end() ? nullptr : find_option(*found, option);
}

}  // namespace

std::string CommandFacts::usage() const {
  std::string text = full_name();
  if (!flags.empty()) text += " [OPTIONS]";
  if (!commands.empty()) text += " COMMAND";
  for (const ArgumentFacts& argument : arguments) {
    const std::string word = argument.name + (argument.is_many ? "..." : "");
    text += argument.is_needed ? " " + word : " [" + word + "]";
  }
  return text;
}

CommandFacts facts_of(const CLI::App& app) {
  CommandFacts facts;
  facts.name = name_from_root(app);
  facts.description = app.get_description();
  facts.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      facts.arguments.push_back({option->get_name(true), option->get_description(),
                                 option->get_items_expected_max() > 1, option->get_required()});
      continue;
    }
    FlagFacts& flag = facts.flags.emplace_back();
    for (const std::string& name : option->get_snames()) flag.flags.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) flag.flags.push_back("--" + name);
    if (option->get_items_expected_max() > 0) flag.value_name = option->get_type_name();
    flag.help = option->get_description();
    flag.row = row_of(facts.name, option->get_lnames().front());
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* each) {
         return !each->get_group().empty();  // the hidden ones have none
       })) {
    facts.commands.push_back(facts_of(*command));
  }
  return facts;
}

std::vector<const CommandFacts*> all_commands(const CommandFacts& facts) {
  std::vector<const CommandFacts*> all = {&facts};
  for (const CommandFacts& command : facts.commands) {
    const std::vector<const CommandFacts*> inner = all_commands(command);
    all.insert(all.end(), inner.begin(), inner.end());
  }
  return all;
}

}  // namespace virnucpro::cli
