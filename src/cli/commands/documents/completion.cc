#include "cli/commands/documents/completion.h"

#include <algorithm>
#include <array>

#include "base/errors.h"
#include "base/format.h"
#include "base/split.h"
#include "bench/model_shapes.h"
#include "weights/embedded_bundle.h"

namespace virnucpro::cli {
namespace {

constexpr std::array<std::string_view, 3> kShells = {"bash", "zsh", "fish"};

/// "open|longest" and "300|500": alternatives, none of which stands for something else.
bool are_choices(const std::string& value_name) {
  return value_name.find('|') != std::string::npos &&
         std::ranges::none_of(value_name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

Candidates values_of(const FlagFacts& flag) {
  Candidates values;
  const std::string& name = flag.value_name;
  if (are_choices(name)) {
    values.words = split(name, '|');
    return values;
  }
  values.takes_files = contains(name, "FILE") && !contains(name, "=");
  values.takes_folders = contains(name, "DIR") || contains(name, "BUNDLE");
  const std::string_view option = flag.row == nullptr ? std::string_view() : flag.row->name;
  if (option == "device") values.words = {"auto", "cpu", "cuda"};
  if (option == "precision") values.words = {"fp16", "bf16", "int8", "fp8", "fp32"};
  if (option == "bundle") values.words = {kEmbeddedBundle};
  if (option == "shape") {
    for (const ModelShapes& shapes : known_shapes()) values.words.emplace_back(shapes.name);
  }
  return values;
}

Candidates values_of(const ArgumentFacts& argument, const CommandFacts& program) {
  Candidates values;
  const std::string& name = argument.name;
  if (name == "SHELL") {
    for (const std::string_view shell : kShells) values.words.emplace_back(shell);
  } else if (name == "COMMAND") {
    for (const CommandFacts& command : program.commands) values.words.push_back(command.name);
  } else {
    values.takes_folders = contains(name, "DIR") || name == "FOLDER" || name == "BUNDLE";
    values.takes_files = !values.takes_folders;
    if (name == "BUNDLE") values.words = {kEmbeddedBundle};
  }
  return values;
}

std::vector<std::string_view> completed_shells() { return {kShells.begin(), kShells.end()}; }

std::string completion_script(std::string_view shell, const CommandFacts& program) {
  if (shell == "bash") return bash_completion(program);
  if (shell == "zsh") return zsh_completion(program);
  if (shell == "fish") return fish_completion(program);
  throw ConfigError(fmt::format("'{}' has no completion here; there is one for {}", shell,
                                fmt::join(kShells, ", ")));
}

}  // namespace virnucpro::cli
