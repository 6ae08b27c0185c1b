// The script for bash, which needs nothing but bash 4.
#include "base/format.h"
#include "cli/command_line/help.h"
#include "cli/commands/documents/completion.h"

namespace virnucpro::cli {
namespace {

constexpr std::string_view kBegin = R"(
_virnucpro_words() {
  local found
  mapfile -t found < <(compgen -W "$1" -- "$word")
  COMPREPLY+=("${found[@]}")
}

_virnucpro_paths() {
  local found
  mapfile -t found < <(compgen "$1" -- "$word")
  COMPREPLY+=("${found[@]}")
  compopt -o filenames 2>/dev/null
}

_virnucpro() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= place=arguments i
  COMPREPLY=()
  # bash takes --option=value apart at the sign.
  if [[ $word == = ]]; then
    word=
  elif [[ $before == = ]]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  [[ $word == -* ]] && place=flags
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case "$command:${COMP_WORDS[i]}" in
      *:--) before= place=arguments; break ;;
)";

/// The call that offers these candidates.
std::string offer_of(const Candidates& candidates) {
  std::string text;
  if (!candidates.words.empty()) {
    text += fmt::format("_virnucpro_words '{}'; ", fmt::join(candidates.words, " "));
  }
  if (candidates.takes_files) {
    text += "_virnucpro_paths -f; ";
  } else if (candidates.takes_folders) {
    text += "_virnucpro_paths -d; ";
  }
  return text;
}

/// One line of a case, such as "'predict:-o'|'predict:--output-dir') ... ;;".
std::string case_of(const std::vector<std::string>& patterns, const std::string& action) {
  return fmt::format("    {}) {}return ;;\n", fmt::join(patterns, "|"), action);
}

std::string pattern_of(const CommandFacts& command, std::string_view word) {
  return fmt::format("'{}:{}'", command.name, word);
}

/// What may follow each option.
std::string value_cases(const CommandFacts& command) {
  std::string text;
  for (const FlagFacts& flag : command.flags) {
    if (flag.value_name.empty()) continue;
    std::vector<std::string> patterns;
    for (const std::string& name : flag.flags) patterns.push_back(pattern_of(command, name));
    text += case_of(patterns, offer_of(values_of(flag)));
  }
  return text;
}

/// What may stand elsewhere: options, and commands or arguments.
std::string place_cases(const CommandFacts& command, const CommandFacts& program) {
  Candidates flags;
  for (const FlagFacts& flag : command.flags) {
    if (!flag.has_effect()) continue;
    flags.words.insert(flags.words.end(), flag.flags.begin(), flag.flags.end());
  }
  Candidates others;
  for (const CommandFacts& inner : command.commands) others.words.push_back(inner.last_word());
  for (const ArgumentFacts& argument : command.arguments) {
    const Candidates values = values_of(argument, program);
    others.words.insert(others.words.end(), values.words.begin(), values.words.end());
    others.takes_files |= values.takes_files;
    others.takes_folders |= values.takes_folders;
  }
  return case_of({pattern_of(command, "flags")}, offer_of(flags)) +
         case_of({pattern_of(command, "arguments")}, offer_of(others));
}

}  // namespace

std::string bash_completion(const CommandFacts& program) {
  std::string text = fmt::format(
      "# Completion of {} in bash; made by 'virnucpro completion bash'.\n", version_line());
  text += kBegin;
  std::string values;
  std::string places;
  for (const CommandFacts* command : all_commands(program)) {
    std::vector<std::string> patterns;
    for (const CommandFacts& inner : command->commands) {
      patterns.push_back(pattern_of(*command, inner.last_word()));
    }
    if (!patterns.empty()) {
      text += fmt::format("      {}) command=\"${{command:+$command }}${{COMP_WORDS[i]}}\" ;;\n",
                          fmt::join(patterns, "|"));
    }
    values += value_cases(*command);
    places += place_cases(*command, program);
  }
  text += "    esac\n  done\n";
  text += "  case \"$command:$before\" in\n" + values + "  esac\n";
  text += "  case \"$command:$place\" in\n" + places + "  esac\n}\n\n";
  return text + "complete -F _virnucpro virnucpro\n";
}

}  // namespace virnucpro::cli
