#include "cli/commands/documents/man_page.h"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "base/format.h"
#include "base/split.h"
#include "cli/command_line/help.h"
#include "cli/terminal/failure.h"

namespace virnucpro::cli {
namespace {

/// The text for roff: nothing in it is a request or an escape. Hyphens can be copied as such.
std::string roff(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-') {
      result += "\\-";
    } else if ((c == '.' || c == '\'') && (result.empty() || result.back() == '\n')) {
      result += "\\&";
      result += c;
    } else {
      result += c;
    }
  }
  return result;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string section(std::string_view title) { return fmt::format(".SH {}\n", title); }

/// A sentence, whether the help that it comes from ends as one or not.
std::string sentence(std::string_view text) {
  return roff(text) + (text.ends_with('.') || text.ends_with("...") ? "" : ".");
}

std::string option_entry(const FlagFacts& flag) {
  std::string names;
  for (const std::string& name : flag.flags) names += (names.empty() ? "" : ", ") + bold(name);
  if (!flag.value_name.empty()) names += " " + italic(flag.value_name);
  std::string text = ".TP\n" + names + "\n";
  if (flag.row == nullptr) return text + sentence(flag.help) + "\n";
  text += sentence(flag.row->help) + "\n";
  const bool is_value = flag.row->type != OptionType::kSwitch;
  if (is_value && !flag.row->default_text.empty()) {
    text += "Default: " + sentence(flag.row->default_text) + "\n";
  }
  const std::string key = flag.row->yaml_key();
  const std::string variable = flag.row->variable();
  if (!key.empty()) text += "Key of the settings file: " + italic(key) + ".\n";
  if (!variable.empty()) text += "Variable: " + italic(variable) + ".\n";
  return text;
}

std::string options_section(const CommandFacts& command) {
  std::string text = section("OPTIONS");
  std::string without_effect;
  for (const FlagFacts& flag : command.flags) {
    if (flag.has_effect()) {
      text += option_entry(flag);
      continue;
    }
    for (const std::string& name : flag.flags) {
      without_effect += (without_effect.empty() ? "" : ", ") + bold(name);
    }
  }
  if (!without_effect.empty()) {
    text +=
        ".PP\nTaken for the sake of old command lines, without effect: " + without_effect + ".\n";
  }
  return text;
}

/// The lines of the help's examples.
std::string examples_section(const CommandFacts& command) {
  const std::string head = "Examples:\n";
  const std::size_t begin = command.footer.find(head);
  if (begin == std::string::npos) return "";
  const std::size_t end = command.footer.find("\n\n", begin);
  std::string text = section("EXAMPLES") + ".nf\n";
  for (const std::string& line :
       split(command.footer.substr(begin + head.size(), end - begin - head.size()), '\n')) {
    if (!line.empty()) text += roff(line.substr(std::min<std::size_t>(2, line.size()))) + "\n";
  }
  return text + ".fi\n";
}

std::string exit_section() {
  std::string text = section("EXIT STATUS");
  for (const ExitCode& code : exit_codes()) {
    text +=
        fmt::format(".TP\n{}\n{}\n", bold(fmt::format("{}", code.code)), sentence(code.meaning));
  }
  return text;
}

std::string environment_section() {
  std::string text = section("ENVIRONMENT");
  for (const PolicyVariable& variable : policy_variables()) {
    text += fmt::format(".TP\n{}\n{}\n", bold(variable.name), sentence(variable.help));
  }
  text += ".TP\n" + bold("NO_COLOR") + "\n" +
          sentence("Messages on a terminal have no colours, when it is set and not empty") + "\n";
  return text;
}

std::string see_also_section(const CommandFacts& command, const CommandFacts& program) {
  std::string names;
  for (const CommandFacts* other : all_commands(program)) {
    const bool is_near = other == &program || command.name.empty() ||
                         other->name.starts_with(command.name + " ") ||
                         command.name.starts_with(other->name + " ");
    if (other == &command || !is_near) continue;
    names += (names.empty() ? "" : ",\n") + std::string(".BR ") + roff(man_name(*other)) + " (1)";
  }
  return section("SEE ALSO") + names + "\n";
}

}  // namespace

std::string man_name(const CommandFacts& command) {
  std::string name = command.full_name();
  std::ranges::replace(name, ' ', '-');
  return name;
}

std::string man_page(const CommandFacts& command, const CommandFacts& program) {
  std::string title = man_name(command);
  std::ranges::transform(title, title.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string text =
      fmt::format(".TH {} 1 \"\" \"{}\" \"User Commands\"\n", roff(title), roff(version_line()));
  // Names of options and variables are neither stretched nor taken apart.
  text += ".nh\n.ad l\n";
  std::string summary = command.description;
  if (summary.ends_with('.')) summary.pop_back();
  text += section("NAME") + roff(man_name(command)) + " \\- " + roff(summary) + "\n";
  text += section("SYNOPSIS") + bold(command.full_name()) +
          roff(command.usage().substr(command.full_name().size())) + "\n";
  text += section("DESCRIPTION") + sentence(command.description) + "\n";
  for (const ArgumentFacts& argument : command.arguments) {
    text += ".TP\n" + italic(argument.name) + "\n" + sentence(argument.help) + "\n";
  }
  for (const CommandFacts& inner : command.commands) {
    text += ".TP\n" + bold(inner.last_word()) + "\n" + sentence(inner.description) + "\n";
  }
  text += options_section(command);
  if (command.name.empty()) text += environment_section();
  text += exit_section();
  text += examples_section(command);
  text += section("CITATION") + roff(std::string(kCitation)) + "\n";
  return text + see_also_section(command, program);
}

}  // namespace virnucpro::cli
