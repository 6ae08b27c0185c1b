// The commands of the program with their arguments and options, as data for man pages, completions
// and the reference.
#pragma once

#include <string>
#include <vector>

#include "config/options.h"

namespace CLI {
class App;
}  // namespace CLI

namespace virnucpro::cli {

/// One argument without a flag.
struct ArgumentFacts {
  std::string name;  ///< "INPUT"
  std::string help;
  bool is_many = false;
  bool is_needed = false;
};

struct FlagFacts {
  std::vector<std::string> flags;  ///< "-o", "--output-dir"
  std::string value_name;          ///< "DIR"; empty for a switch
  std::string help;                ///< with the default, as --help shows it
  const Option* row = nullptr;     ///< of the table of options; null: --help and --version

  bool has_effect() const { return row == nullptr || row->has_effect; }
};

struct CommandFacts {
  std::string name;  ///< "predict", "models import"; empty for the program itself
  std::string description;
  std::string footer;  ///< examples, exit codes and the citation, as --help shows them
  std::vector<ArgumentFacts> arguments;
  std::vector<FlagFacts> flags;
  std::vector<CommandFacts> commands;  ///< without hidden ones

  /// "virnucpro models import".
  std::string full_name() const { return name.empty() ? "virnucpro" : "virnucpro " + name; }
  /// "import" of "models import".
  std::string last_word() const { return name.substr(name.rfind(' ') + 1); }
  /// "virnucpro predict [OPTIONS] [INPUT...]".
  std::string usage() const;
};

/// What `app`, which is the program or one of its commands, takes.
CommandFacts facts_of(const CLI::App& app);

/// `facts` and all commands below it, each before its own.
std::vector<const CommandFacts*> all_commands(const CommandFacts& facts);

}  // namespace virnucpro::cli
