// Completion of the command line in bash, zsh and fish.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/command_line/command_tree.h"

namespace virnucpro::cli {

/// Words that may stand in one place of the command line.
struct Candidates {
  std::vector<std::string> words;
  bool takes_files = false;
  bool takes_folders = false;  ///< files, where they are taken, include folders
};

/// What an option's value may be, and what an argument may be.
Candidates values_of(const FlagFacts& flag);
Candidates values_of(const ArgumentFacts& argument, const CommandFacts& program);

/// The shells that there are scripts for.
std::vector<std::string_view> completed_shells();

/// The script for a shell to source, with the commands and options of `program`; ConfigError for a
/// shell that is not one of them. Pure.
std::string completion_script(std::string_view shell, const CommandFacts& program);

// One for each of them.
std::string bash_completion(const CommandFacts& program);
std::string zsh_completion(const CommandFacts& program);
std::string fish_completion(const CommandFacts& program);

}  // namespace virnucpro::cli
