// The script for fish: one line for each command, option and argument.
#include "base/format.h"
#include "cli/command_line/help.h"
#include "cli/commands/documents/completion.h"

namespace virnucpro::cli {
namespace {

constexpr std::string_view kFishBegin = R"(
# True when the words after the program that are no options begin with those given, and are no more
# of them where more commands would follow.
function __virnucpro_at
    set -l words
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; or set -a words $word
    end
    test (count $words) -ge (count $argv); or return 1
    for i in (seq (count $argv))
        test "$words[$i]" = "$argv[$i]"; or return 1
    end
end

function __virnucpro_before_command
    __virnucpro_at $argv; or return 1
    set -l words
    for word in (commandline -opc)[2..-1]
        string match -q -- '-*' $word; or set -a words $word
    end
    test (count $words) -eq (count $argv)
end

complete -c virnucpro -f
)";

/// In single quotes, where fish knows two escapes.
std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

std::string fish_offer_of(const Candidates& candidates) {
  std::vector<std::string> sources;
  if (!candidates.words.empty()) {
    sources.push_back(fmt::format("{}", fmt::join(candidates.words, " ")));
  }
  if (candidates.takes_folders && !candidates.takes_files) {
    sources.emplace_back("(__fish_complete_directories (commandline -ct))");
  }
  std::string text;
  if (!sources.empty()) text += " -a " + in_quotes(fmt::format("{}", fmt::join(sources, " ")));
  if (candidates.takes_files) text += " -F";
  return text;
}

std::string lines_of(const CommandFacts& command, const CommandFacts& program) {
  std::string text;
  const std::string at = fmt::format("complete -c virnucpro -n '__virnucpro_at {}'", command.name);
  for (const CommandFacts& inner : command.commands) {
    text += fmt::format("complete -c virnucpro -n '__virnucpro_before_command {}' -a {} -d {}\n",
                        command.name, inner.last_word(), in_quotes(inner.description));
  }
  const std::string for_flags =
      command.commands.empty()
          ? at
          : fmt::format("complete -c virnucpro -n '__virnucpro_before_command {}'", command.name);
  for (const FlagFacts& flag : command.flags) {
    if (!flag.has_effect()) continue;
    text += for_flags;
    for (const std::string& name : flag.flags) {
      const bool is_long = name.starts_with("--");
      text += fmt::format(" {} {}", is_long ? "-l" : "-s", name.substr(is_long ? 2 : 1));
    }
    if (!flag.value_name.empty()) {
      const Candidates values = values_of(flag);
      // The value is needed; files are offered where there may be one.
      text += (values.takes_files ? " -r" : " -x") + fish_offer_of(values);
    }
    text += " -d " + in_quotes(flag.help) + "\n";
  }
  for (const ArgumentFacts& argument : command.arguments) {
    text += at + fish_offer_of(values_of(argument, program)) + "\n";
  }
  return text;
}

}  // namespace

std::string fish_completion(const CommandFacts& program) {
  std::string text = fmt::format(
      "# Completion of {} in fish; made by 'virnucpro completion fish'.\n", version_line());
  text += kFishBegin;
  for (const CommandFacts* command : all_commands(program)) text += lines_of(*command, program);
  return text;
}

}  // namespace virnucpro::cli
