// The script for zsh, for its own _arguments and _describe.
#include "base/format.h"
#include "cli/command_line/help.h"
#include "cli/commands/documents/completion.h"

namespace virnucpro::cli {
namespace {

/// The text in single quotes.
std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

/// A backslash before what ends the text of a specification.
std::string with_backslashes(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

/// The end of a specification for _arguments: what is asked for, and what offers it.
std::string action_of(const std::string& name, const Candidates& candidates) {
  std::string text = ":" + name + ":";
  if (!candidates.words.empty() && !candidates.takes_files && !candidates.takes_folders) {
    return text + fmt::format("({})", fmt::join(candidates.words, " "));
  }
  if (candidates.takes_files) return text + "_files";
  if (candidates.takes_folders) return text + "_files -/";
  return text + " ";
}

/// The name of an argument, without what _arguments would take apart.
std::string plain(std::string name) {
  for (char& c : name) {
    if (c == ':' || c == '|' || c == ',' || c == '.') c = ' ';
  }
  return name;
}

std::string flag_specification(const FlagFacts& flag) {
  std::string text = "[" + with_backslashes(flag.help) + "]";
  if (!flag.value_name.empty()) text += action_of(plain(flag.value_name), values_of(flag));
  // Any of the names excludes the others.
  if (flag.flags.size() == 1) return in_quotes(flag.flags.front() + text);
  return fmt::format("'({})'{{{}}}{}", fmt::join(flag.flags, " "), fmt::join(flag.flags, ","),
                     in_quotes(text));
}

/// The body of a command's function: a call of _arguments.
std::string arguments_of(const CommandFacts& command, const CommandFacts& program) {
  std::string text = "  _arguments -s -S";
  for (const FlagFacts& flag : command.flags) {
    if (flag.has_effect()) text += " \\\n    " + flag_specification(flag);
  }
  for (const ArgumentFacts& argument : command.arguments) {
    text += fmt::format(" \\\n    '{}{}'", argument.is_many ? "*" : "",
                        action_of(plain(argument.name), values_of(argument, program)));
  }
  return text + "\n";
}

std::string function_name(const CommandFacts& command) {
  std::string name = command.full_name();
  for (char& c : name) {
    if (c == ' ') c = '-';
  }
  return "_" + name;
}

/// A function that completes a command, and one for each below it.
std::string functions_of(const CommandFacts& command, const CommandFacts& program) {
  std::string text = function_name(command) + "() {\n";
  if (command.commands.empty()) {
    text += arguments_of(command, program) + "}\n\n";
    return text;
  }
  text += "  local -a commands\n  local state line\n  commands=(\n";
  for (const CommandFacts& inner : command.commands) {
    text += "    " + in_quotes(inner.last_word() + ":" + inner.description) + "\n";
  }
  text += "  )\n  _arguments -C";
  for (const FlagFacts& flag : command.flags) text += " \\\n    " + flag_specification(flag);
  text += " \\\n    '1: :->command' '*:: :->rest'\n  case $state in\n";
  text += "    command) _describe -t commands command commands ;;\n    rest)\n";
  text += "      case $line[1] in\n";
  for (const CommandFacts& inner : command.commands) {
    text += fmt::format("        {}) {} ;;\n", inner.last_word(), function_name(inner));
  }
  text += "      esac ;;\n  esac\n}\n\n";
  for (const CommandFacts& inner : command.commands) text += functions_of(inner, program);
  return text;
}

}  // namespace

std::string zsh_completion(const CommandFacts& program) {
  return fmt::format(
             "#compdef virnucpro\n# Completion of {} in zsh; made by 'virnucpro completion "
             "zsh'.\n\n",
             version_line()) +
         functions_of(program, program) +
         // Both ways in which zsh takes it: from a folder of its path, or sourced.
         "if [[ $funcstack[1] == _virnucpro ]]; then\n  _virnucpro \"$@\"\nelse\n"
         "  compdef _virnucpro virnucpro\nfi\n";
}

}  // namespace virnucpro::cli
