// From the table of options to flags of the command line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line/command_options.h"
#include "config/resolve.h"

namespace CLI {
class App;
}

namespace virnucpro::cli {

inline constexpr const char* kSequenceFiles =
    "FASTA, FASTQ, SAM, BAM or CRAM files, plain or gzip; - is standard input";

/// What was given to one command that takes settings. Filled while the command line is read, so it
/// must stay where it is until then.
struct SettingsArguments {
  FlagValues flags;
  std::vector<std::string> inputs;
};

/// Adds `INPUT...` and every option of `command` from the table. `inputs` is what they are, for the
/// help.
void add_settings_arguments(CommandOptions& options, Command command, SettingsArguments& arguments,
                            const std::string& inputs = kSequenceFiles);

/// The help of an option, with its default.
std::string help_of(const Option& option);

/// Throws ConfigError for the first of `unexpected`, with the nearest flag of `app` (or command,
/// where none was given).
[[noreturn]] void throw_unexpected(const CLI::App& app, const std::vector<std::string>& unexpected);

}  // namespace virnucpro::cli
