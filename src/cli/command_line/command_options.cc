#include "cli/command_line/command_options.h"

#include <CLI/CLI.hpp>
#include <array>

#include "base/check.h"
#include "base/format.h"
#include "cli/command_line/argument_list.h"
#include "cli/command_line/command_line.h"
#include "cli/context.h"
#include "config/options.h"

namespace virnucpro::cli {
namespace {

/// What is taken where a value of this name is wanted.
std::string values_of(const std::string& value_name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kValues = {{
      {"DIR", "the path of a folder"},
      {"FILE", "the path of a file"},
      {"FILE|DIR", "the path of a file or a folder"},
      {"FILE|BUNDLE", "the path of a file, the name of an embedded bundle or a bundle folder"},
      {"NAME|DIR", "the name of an embedded bundle or the path of a bundle folder"},
      {"NAME|DIR,...", "names of embedded bundles or paths of bundle folders, such as a,b"},
      {"NAME,...", "names, such as a,b"},
      {"NAME", "a name"},
      {"TEXT", "a text"},
  }};
  for (const auto& [name, values] : kValues) {
    if (name == value_name) return std::string(values);
  }
  return "a value that is not empty";
}

/// The first long flag, or the name of an argument: what messages call it.
std::string place_of(const CLI::Option& option) { return option.get_name(); }

}  // namespace

std::string CommandOptions::joined(const std::vector<std::string>& names, std::string_view between,
                                   std::string_view last) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? last : between;
    text += names[i];
  }
  return text;
}

CLI::Option& CommandOptions::value(const std::string& flags, const std::string& value_name,
                                   const std::string& help, std::string values, Take take) {
  CLI::Option* option = command_.add_option(flags, CLI::callback_t(), help);
  option->type_name(value_name);
  context_.values.emplace_back([option, values = std::move(values), take = std::move(take)] {
    for (const std::string& given : option->results()) {
      const std::string text = as_given(given);
      if (text.empty() || !take(text)) refuse_value(place_of(*option), text, values);
    }
  });
  return *option;
}

CLI::Option& CommandOptions::text(const std::string& flags, const std::string& value_name,
                                  const std::string& help, std::string& target) {
  return value(flags, value_name, help, values_of(value_name), [&target](const std::string& text) {
    target = text;
    return true;
  });
}

void CommandOptions::flag(const std::string& flags, const std::string& help, bool& target) {
  flag(flags, help, [&target](const std::string& text) {
    const std::optional<bool> value = parse_switch(text);
    if (value) target = *value;
    return value.has_value();
  });
}

void CommandOptions::flag(const std::string& flags, const std::string& help, Take take) {
  CLI::Option* option = command_.add_flag(flags, help);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  context_.values.emplace_back([option, take = std::move(take)] {
    if (option->count() == 0) return;
    const std::string& text = option->results().back();
    if (!take(text)) refuse_value(place_of(*option), text, kSwitchValues);
  });
}

void CommandOptions::setting(std::string_view name, RunSettings& settings) {
  const Option* option = find_option(name);
  check(option != nullptr, "an option '{}' that is not in the table", name);
  const Take take = [option, &settings](const std::string& text) {
    return option->assign(settings, text);
  };
  const std::string flags(option->flags);
  const std::string help = help_of(*option);
  if (option->type == OptionType::kSwitch) return flag(flags, help, take);
  value(flags, std::string(option->value_name), help, std::string(option->values), take);
}

void CommandOptions::argument(const std::string& name, const std::string& value_name,
                              const std::string& help, std::string& target) {
  text(name, value_name, help, target).required()->type_name("");
}

CLI::Option& CommandOptions::arguments(const std::string& name, const std::string& value_name,
                                       const std::string& help, std::vector<std::string>& targets) {
  CLI::Option& option =
      value(name, value_name, help, values_of(value_name), [&targets](const std::string& text) {
        targets.push_back(text);
        return true;
      });
  option.type_name("")->expected(CLI::detail::expected_max_vector_size);
  return option;
}

}  // namespace virnucpro::cli
