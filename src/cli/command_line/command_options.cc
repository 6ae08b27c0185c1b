#include "cli/command_line/command_options.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "base/format.h"
#include "cli/command_line/argument_list.h"
#include "cli/command_line/help.h"
#include "cli/context.h"

namespace virnucpro::cli {

std::string help_of(const Option& option) {
  if (option.type == OptionType::kSwitch || option.default_text.empty()) {
    return std::string(option.help);
  }
  return fmt::format("{} [{}]", option.help, option.default_text);
}

CLI::App& add_group(CLI::App& parent, const std::string& name, const std::string& summary,
                    const std::vector<std::string_view>& examples) {
  CLI::App& group = *parent.add_subcommand(name, summary);
  group.require_subcommand(0, 1);
  group.footer(help_footer(examples));
  return group;
}

CommandOptions::CommandOptions(CLI::App& parent, Context& context, const std::string& name,
                               const std::string& summary,
                               const std::vector<std::string_view>& examples)
    : command_(*parent.add_subcommand(name, summary)),
      context_(context),
      input_(std::make_shared<CommandInput>()) {
  command_.footer(help_footer(examples));
}

void CommandOptions::hide() { command_.group(""); }

CLI::Option& CommandOptions::value(const std::string& flags, const std::string& value_name,
                                   const std::string& help, std::string_view values, Take take) {
  CLI::Option* option = command_.add_option(flags, CLI::callback_t(), help);
  option->type_name(value_name);
  context_.values.emplace_back([option, values = std::string(values), take = std::move(take)] {
    for (const std::string& given : option->results()) {
      const std::string text = as_given(given);
      // The message names the first long flag, or the argument.
      if (text.empty()) refuse_value(option->get_name(), text, values);
      take(text);
    }
  });
  return *option;
}

void CommandOptions::add(const Option& option) {
  // Parsed by resolve_options(), which knows the other sources.
  const auto set = [input = input_, name = std::string(option.name),
                    repeats = option.repeats](const std::string& text) {
    std::string& value = input->flags[name];
    value = repeats && !value.empty() ? value + "," + text : text;
  };
  if (option.type == OptionType::kSwitch) {
    const std::string help = help_of(option);  // CLI11 takes another text for a target
    CLI::Option* flag = command_.add_flag(option.flags(), help);
    flag->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    context_.values.emplace_back([flag, set] {
      if (flag->count() > 0) set(flag->results().back());
    });
    return;
  }
  CLI::Option& added =
      value(option.flags(), std::string(option.value_name), help_of(option), option.values(), set);
  if (option.repeats) added.multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void CommandOptions::argument(const std::string& name, const std::string& help,
                              std::string_view values) {
  value(name, "", help, values, [input = input_](const std::string& text) {
    input->arguments.push_back(text);
  }).required();
}

void CommandOptions::arguments(const std::string& name, const std::string& help,
                               std::string_view values, bool are_needed) {
  value(name, "", help, values,
        [input = input_](const std::string& text) { input->arguments.push_back(text); })
      .expected(CLI::detail::expected_max_vector_size)
      ->required(are_needed);
}

void CommandOptions::run_with(
    Command which,
    std::function<void(const std::vector<std::string>& arguments, const GivenOptions& options)>
        run) {
  for (const Option& option : options()) {
    if (option.belongs_to(which)) add(option);
  }
  command_.callback([&context = context_, input = input_, which, run = std::move(run)] {
    context.action = [&context, input, which, run] {
      run(input->arguments, resolve_options(which, input->flags, context.environment));
    };
  });
}

void CommandOptions::run_with(std::function<void(const std::vector<std::string>& arguments)> run) {
  command_.callback([&context = context_, input = input_, run = std::move(run)] {
    context.action = [input, run] { run(input->arguments); };
  });
}

}  // namespace virnucpro::cli
