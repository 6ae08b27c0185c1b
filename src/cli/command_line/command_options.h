// The one way in which commands declare options: as text, turned into values by our own parsers.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/number_text.h"
#include "config/options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace virnucpro::cli {

struct Context;

/// Adds options and arguments to one command. The targets must live until the program has run.
/// CLI11 only finds the texts: whatever was given is parsed when the whole command line has been
/// read, before the command runs. A text that cannot be used, and always one that is empty, is the
/// ConfigError of refuse_value().
class CommandOptions {
 public:
  /// False when the text cannot be used.
  using Take = std::function<bool(const std::string& text)>;

  CommandOptions(CLI::App& command, Context& context) : command_(command), context_(context) {}

  /// `flags` such as "-o,--output-dir"; `values` says what `take` takes, to follow "it takes".
  CLI::Option& value(const std::string& flags, const std::string& value_name,
                     const std::string& help, std::string values, Take take);
  /// A path, a name or another text; what it takes follows from `value_name`.
  CLI::Option& text(const std::string& flags, const std::string& value_name,
                    const std::string& help, std::string& target);
  /// A whole number; `Target` is an integer or an optional one that holds all of `range`.
  template <typename Target>
  void whole(const std::string& flags, const std::string& help, Target& target,
             const WholeRange& range) {
    value(flags, "N", help, described(range), [&target, range](const std::string& text) {
      const auto number = parse_whole(text, range);
      if (number) target = static_cast<Target>(*number);
      return number.has_value();
    });
  }
  /// A number; `Target` is a double or an optional one.
  template <typename Target>
  void number(const std::string& flags, const std::string& value_name, const std::string& help,
              Target& target, const NumberRange& range) {
    value(flags, value_name, help, described(range), [&target, range](const std::string& text) {
      const auto number = parse_number(text, range);
      if (number) target = *number;
      return number.has_value();
    });
  }
  /// One of the values of an enumeration, by their names (name_of).
  template <typename Value>
  void choice(const std::string& flags, const std::string& help, Value& target,
              std::initializer_list<Value> values) {
    std::vector<std::pair<std::string, Value>> named;
    std::vector<std::string> names;
    for (const Value each : values) {
      names.emplace_back(name_of(each));
      named.emplace_back(names.back(), each);
    }
    value(flags, joined(names, "|", "|"), help, joined(names, ", ", " or "),
          [&target, named](const std::string& text) {
            for (const auto& [name, each] : named) {
              if (name != text) continue;
              target = each;
              return true;
            }
            return false;
          });
  }
  /// 300 or 500.
  template <typename Target>
  void expected_length(const std::string& flags, const std::string& help, Target& target) {
    value(flags, "300|500", help, "300 or 500", [&target](const std::string& text) {
      const std::optional<std::int64_t> length = parse_expected_length(text);
      if (length) target = static_cast<Target>(*length);
      return length.has_value();
    });
  }
  /// "--force", or "--force=false".
  void flag(const std::string& flags, const std::string& help, bool& target);
  /// As flag(), for what is parsed elsewhere: `take` gets "true" or the text behind "=".
  void flag(const std::string& flags, const std::string& help, Take take);

  /// The option of that name as the table of options has it, and where it is stored.
  void setting(std::string_view name, RunSettings& settings);

  /// The one argument without a flag; `value_name` says what it takes.
  void argument(const std::string& name, const std::string& value_name, const std::string& help,
                std::string& target);
  /// Any number of them.
  CLI::Option& arguments(const std::string& name, const std::string& value_name,
                         const std::string& help, std::vector<std::string>& targets);

 private:
  static std::string joined(const std::vector<std::string>& names, std::string_view between,
                            std::string_view last);

  CLI::App& command_;
  Context& context_;
};

}  // namespace virnucpro::cli
