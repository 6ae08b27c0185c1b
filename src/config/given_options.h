// The options that all sources have given to one command, for its settings.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/number_text.h"
#include "config/options.h"

namespace virnucpro {

/// The options that the table has accepted. store() writes the value of an option, and leaves the
/// target, which holds the default, where no source gave one. A query for an option that the
/// command does not have is a ContractError.
class GivenOptions {
 public:
  GivenOptions(Command command, std::map<std::string, std::string, std::less<>> values)
      : command_(command), values_(std::move(values)) {}

  /// One line for each value from file or environment, to be logged because the command line does
  /// not show it.
  std::vector<std::string> origins;
  /// Path of the settings file; empty for none.
  std::string config;
  /// Where each option was given, by its name: "FILE: line 3: threads", "VIRNUCPRO_THREADS",
  /// "--threads". Those that have their default are missing.
  std::map<std::string, std::string, std::less<>> places;

  bool takes(std::string_view name) const { return find_option(command_, name) != nullptr; }
  /// True for an option whose values are the table's choices.
  bool is_choice(std::string_view name) const {
    return find_option(command_, name)->type == OptionType::kChoice;
  }
  /// The text; null where no source gave the option.
  const std::string* find(std::string_view name) const;

  void store(std::string_view name, bool& target) const;
  void store(std::string_view name, std::string& target) const;
  void store(std::string_view name, double& target) const;
  void store(std::string_view name, std::optional<double>& target) const;
  template <std::integral Whole>
  void store(std::string_view name, Whole& target) const {
    if (const std::string* text = find(name)) target = static_cast<Whole>(whole(name, *text));
  }
  template <std::integral Whole>
  void store(std::string_view name, std::optional<Whole>& target) const {
    if (const std::string* text = find(name)) target = static_cast<Whole>(whole(name, *text));
  }
  /// One of `choices`, by name (name_of); `Target` is the enumeration or an optional one.
  template <typename Target, typename Choices>
  void store(std::string_view name, Target& target, const Choices& choices) const {
    const std::string* text = find(name);
    if (text == nullptr) return;
    for (const auto choice : choices) {
      if (name_of(choice) != *text) continue;
      target = choice;
      return;
    }
    check(false, "a choice '{}' of --{} that has no meaning", *text, name);
  }

 private:
  static std::uint64_t whole(std::string_view name, const std::string& text);

  Command command_;
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace virnucpro
