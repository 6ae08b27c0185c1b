// The one way in which commands declare themselves, their arguments, and their options of the
// table. All are taken as text, which our own parsers turn into values. CLI11 stays behind it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/options.h"
#include "config/resolve.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace virnucpro::cli {

struct Context;

inline constexpr const char* kSequenceFiles =
    "FASTA, FASTQ, SAM, BAM or CRAM files, plain or gzip; - is standard input";

/// The input of one command from the command line. Filled while that is read.
struct CommandInput {
  std::vector<std::string> arguments;
  FlagValues flags;
};

/// Adds a command that does nothing itself, for commands of its own; owned by `parent`.
CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& summary,
                    const std::vector<std::string_view>& examples);

/// Adds one command to `parent`, with its arguments and options. CLI11 only finds the texts:
/// arguments are taken when the whole command line has been read, options when the command runs,
/// with those of the other sources. A text that cannot be used, and always one that is empty, is
/// the ConfigError of refuse_value().
class CommandOptions {
 public:
  /// `summary` is a line in the list of commands; `examples` are shown below the help.
  CommandOptions(CLI::App& parent, Context& context, const std::string& name,
                 const std::string& summary, const std::vector<std::string_view>& examples);

  /// Leaves the command out of all lists.
  void hide();
  /// Adds the one argument without a flag; `values` says what it takes, to follow "takes".
  void argument(const std::string& name, const std::string& help, std::string_view values);
  /// Adds any number of arguments, but at least one where they are needed.
  void arguments(const std::string& name, const std::string& help, std::string_view values,
                 bool are_needed);

  /// Adds every option that the table has for `which`. When the command line names this command,
  /// `run` gets its arguments and what all sources say.
  void run_with(
      Command which,
      std::function<void(const std::vector<std::string>& arguments, const GivenOptions& options)>
          run);
  /// The same for a command without options.
  void run_with(std::function<void(const std::vector<std::string>& arguments)> run);

 private:
  using Take = std::function<void(const std::string& text)>;

  /// `values` says which values are accepted, to follow "takes"; `take` gets no empty text.
  CLI::Option& value(const std::string& flags, const std::string& value_name,
                     const std::string& help, std::string_view values, Take take);
  void add(const Option& option);

  CLI::App& command_;
  Context& context_;
  std::shared_ptr<CommandInput> input_;
};

/// The help of an option, with its default.
std::string help_of(const Option& option);

}  // namespace virnucpro::cli
