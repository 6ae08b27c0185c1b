// The words of the command line, written so that CLI11 takes them as they were meant.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace virnucpro::cli {

/// The arguments in the form that CLI11 needs: after "--" all words are arguments, whatever they
/// begin with; "--name=" gives an empty value and not the next word; "[a,b]" is one word.
/// ConfigError for "--" before the command and for "--switch=".
std::vector<std::string> prepared_arguments(const CLI::App& app,
                                            const std::vector<std::string>& arguments);

/// The text that the user gave, from the text that CLI11 hands back.
std::string as_given(const std::string& prepared);
/// True for an argument that comes after "--" or must not be taken apart.
bool is_argument(const std::string& prepared);

}  // namespace virnucpro::cli
