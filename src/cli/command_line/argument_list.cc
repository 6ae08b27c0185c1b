#include "cli/command_line/argument_list.h"

#include <CLI/CLI.hpp>
#include <cstddef>

#include "base/errors.h"
#include "base/format.h"
#include "base/number_text.h"
#include "config/options.h"

namespace virnucpro::cli {
namespace {

/// Marks a word as an argument, whatever it looks like (an option, a command or a list). No
/// argument of a process can hold it.
constexpr char kArgument = '\0';

class Preparation {
 public:
  explicit Preparation(const CLI::App& app) : command_(&app) {}

  void take(const std::string& word) {
    if (is_value_) {
      is_value_ = false;
      prepared_.push_back(word);
    } else if (options_ended_) {
      prepared_.push_back(kArgument + word);
    } else if (word == "--") {
      end_options();
    } else if (word.starts_with("--")) {
      take_long(word);
    } else if (word.size() > 1 && word.front() == '-') {
      take_short(word);
    } else {
      take_argument(word);
    }
  }

  std::vector<std::string> prepared() { return std::move(prepared_); }

 private:
  void end_options() {
    if (has_commands()) {
      throw ConfigError(
          "'--' ends the options of a command, so it comes after one; 'virnucpro --help' lists "
          "them");
    }
    options_ended_ = true;
  }

  void take_long(const std::string& word) {
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const CLI::Option* option = command_->get_option_no_throw(name);
    const bool ends_with_equals = equals != std::string::npos && equals + 1 == word.size();
    if (option == nullptr || !(ends_with_equals || equals == std::string::npos)) {
      prepared_.push_back(word);
    } else if (!takes_value(*option)) {
      if (ends_with_equals) refuse_value(name, "", kSwitchValues);
      prepared_.push_back(word);
    } else {
      prepared_.push_back(name);
      if (ends_with_equals) {
        prepared_.emplace_back();
      } else {
        is_value_ = true;
      }
    }
  }

  /// "-q", "-t4", "-qt4", "-t 4".
  void take_short(const std::string& word) {
    prepared_.push_back(word);
    for (std::size_t i = 1; i < word.size(); ++i) {
      const CLI::Option* option = command_->get_option_no_throw(std::string("-") + word[i]);
      if (option == nullptr) return;
      if (!takes_value(*option)) continue;
      is_value_ = i + 1 == word.size();
      return;
    }
  }

  void take_argument(const std::string& word) {
    for (const CLI::App* command : commands()) {
      if (command->get_name() != word) continue;
      command_ = command;
      prepared_.push_back(word);
      return;
    }
    // CLI11 takes "[a,b]" for a list, and the name of a command for the command.
    prepared_.push_back(has_commands() ? word : kArgument + word);
  }

  std::vector<const CLI::App*> commands() const {
    return command_->get_subcommands([](const CLI::App*) { return true; });
  }
  bool has_commands() const { return !commands().empty(); }
  static bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

  const CLI::App* command_;
  bool is_value_ = false;  // the next word is the value of the last option
  bool options_ended_ = false;
  std::vector<std::string> prepared_;
};

}  // namespace

std::vector<std::string> prepared_arguments(const CLI::App& app,
                                            const std::vector<std::string>& arguments) {
  Preparation preparation(app);
  for (const std::string& word : arguments) preparation.take(word);
  return preparation.prepared();
}

bool is_argument(const std::string& prepared) {
  return !prepared.empty() && prepared.front() == kArgument;
}

std::string as_given(const std::string& prepared) {
  return is_argument(prepared) ? prepared.substr(1) : prepared;
}

}  // namespace virnucpro::cli
