#include "cli/command_line/help.h"

#include "base/format.h"
#include "cli/terminal/failure.h"

namespace virnucpro::cli {

std::string program_version() { return VIRNUCPRO_VERSION; }

std::string version_line() { return "virnucpro " + program_version(); }

std::string help_footer(const std::vector<std::string_view>& examples, bool with_exit_codes) {
  std::string text = "Examples:\n";
  for (const std::string_view example : examples) text += fmt::format("  {}\n", example);
  if (with_exit_codes) {
    text += "\nExit codes:\n";
    for (const ExitCode& code : exit_codes()) {
      text += fmt::format("  {:>2}  {}\n", code.code, code.meaning);
    }
  }
  text += '\n';
  text += kCitation;
  return text;
}

}  // namespace virnucpro::cli
