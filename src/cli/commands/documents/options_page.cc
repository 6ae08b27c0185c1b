#include "cli/commands/documents/options_page.h"

#include <string_view>

#include "base/format.h"

namespace virnucpro::cli {
namespace {

constexpr std::string_view kPageBegin =
    "# Options\n"
    "\n"
    "Every command with its arguments and options. The program writes this page from its own table "
    "of "
    "options (`scripts/update_reference.sh`), and a test\n"
    "compares the two. What the commands do, and which files they read and write: "
    "[command_line.md](command_line.md).\n"
    "\n"
    "A setting comes from the default, then the YAML file of `--config`, then the variable, then "
    "the "
    "flag; the later source wins. A dash stands where a\n"
    "source cannot set the option. Old flags without effect are listed below each table.\n";

std::string in_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';  // a bar would end the cell
    cell += c;
  }
  return cell;
}

std::string code(const std::string& text) { return text.empty() ? "-" : "`" + text + "`"; }

std::string names_of(const FlagFacts& flag) {
  std::string names;
  for (const std::string& name : flag.flags) names += (names.empty() ? "`" : ", `") + name + "`";
  return names;
}

std::string row_of(const FlagFacts& flag) {
  std::string name = names_of(flag);
  if (!flag.value_name.empty()) name += " " + in_cell(flag.value_name);
  const Option& row = *flag.row;
  return fmt::format("| {} | {} | {} | {} | {} |\n", name,
                     row.default_text.empty() ? "-" : in_cell(row.default_text),
                     code(row.yaml_key()), code(row.variable()), in_cell(row.help));
}

std::string section_of(const CommandFacts& command) {
  std::string text =
      fmt::format("\n## {}\n\n{}{}\n\n```\n{}\n```\n", command.name, command.description,
                  command.description.ends_with('.') ? "" : ".", command.usage());
  if (!command.arguments.empty()) text += "\n";
  for (const ArgumentFacts& argument : command.arguments) {
    text += fmt::format("- `{}`: {}\n", argument.name, argument.help);
  }
  std::string rows;
  std::string without_effect;
  for (const FlagFacts& flag : command.flags) {
    if (flag.row == nullptr) continue;
    if (flag.has_effect()) {
      rows += row_of(flag);
    } else {
      without_effect += (without_effect.empty() ? "" : ", ") + names_of(flag);
    }
  }
  if (rows.empty()) return text;
  text += "\n| flag | default | YAML key | variable | meaning |\n|---|---|---|---|---|\n" + rows;
  if (!without_effect.empty()) text += "\nWithout effect: " + without_effect + ".\n";
  return text;
}

}  // namespace

std::string options_page(const CommandFacts& program) {
  std::string text(kPageBegin);
  for (const CommandFacts* command : all_commands(program)) {
    if (command != &program && command->commands.empty()) text += section_of(*command);
  }
  return text;
}

}  // namespace virnucpro::cli
