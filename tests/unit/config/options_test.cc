// The table of options is consistent, and the reference documentation follows it.
#include "config/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace virnucpro {
namespace {

std::vector<std::string> spellings(const Option& option) {
  std::vector<std::string> result;
  std::stringstream stream{std::string(option.flags)};
  for (std::string one; std::getline(stream, one, ',');) result.push_back(one);
  return result;
}

TEST(Options, HaveUniqueNamesKeysAndVariables) {
  std::set<std::string_view> names, keys, variables;
  for (const Option& option : options()) {
    EXPECT_TRUE(names.insert(option.name).second) << option.name;
    if (!option.yaml_key.empty()) {
      EXPECT_TRUE(keys.insert(option.yaml_key).second) << option.name;
    }
    if (!option.variable.empty()) {
      EXPECT_TRUE(variables.insert(option.variable).second) << option.name;
    }
  }
}

TEST(Options, HaveNoFlagTwiceInOneCommand) {
  for (const Command command : {Command::kPredict, Command::kEmbed, Command::kValidate,
                                Command::kPrecision, Command::kTrain}) {
    std::set<std::string> seen;
    for (const Option& option : options()) {
      if (!option.belongs_to(command)) continue;
      for (const std::string& flag : spellings(option)) {
        EXPECT_TRUE(seen.insert(flag).second) << flag;
      }
    }
  }
}

TEST(Options, FollowOneRuleOfNaming) {
  for (const Option& option : options()) {
    std::string key(option.name);
    for (char& c : key) c = c == '-' ? '_' : c;
    std::string variable = "VIRNUCPRO_" + key;
    for (char& c : variable) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (!option.yaml_key.empty()) {
      EXPECT_EQ(option.yaml_key, key);
    }
    if (!option.variable.empty()) {
      EXPECT_EQ(option.variable, variable);
    }
    EXPECT_THAT(spellings(option), testing::Contains("--" + std::string(option.name)));
    EXPECT_EQ(option.type == OptionType::kSwitch, option.value_name.empty()) << option.name;
    EXPECT_NE(option.commands, 0) << option.name;
    EXPECT_FALSE(option.help.empty() || option.values.empty()) << option.name;
  }
}

std::string reference() {
  std::ifstream file(VIRNUCPRO_SOURCE_DIR "/docs/command_line.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The row of an option in the reference.
std::string documented(const Option& option) {
  const auto or_none = [](std::string_view text) {
    return text.empty() ? std::string("-") : "`" + std::string(text) + "`";
  };
  std::string flags;
  for (const std::string& flag : spellings(option)) {
    flags += (flags.empty() ? "`" : ", `") + flag + "`";
  }
  std::string value(option.value_name);
  for (std::size_t at = 0; (at = value.find('|', at)) != std::string::npos; at += 2) {
    value.insert(at, "\\");  // a bar would end the cell
  }
  if (!value.empty()) flags += " " + value;
  std::string commands;
  const auto add = [&](Command command, const char* name) {
    if (option.belongs_to(command)) commands += (commands.empty() ? "" : ", ") + std::string(name);
  };
  add(Command::kPredict, "predict");
  add(Command::kEmbed, "embed");
  add(Command::kValidate, "validate");
  add(Command::kPrecision, "precision");
  add(Command::kTrain, "train");
  return "| " + flags + " | " + or_none(option.yaml_key) + " | " + or_none(option.variable) +
         " | " + (option.default_text.empty() ? "-" : std::string(option.default_text)) + " | " +
         commands + " | " + std::string(option.help) + " |";
}

TEST(Options, AreAllInTheReferenceAsTheTableHasThem) {
  const std::string text = reference();
  ASSERT_FALSE(text.empty()) << "docs/command_line.md";
  for (const Option& option : options()) {
    EXPECT_NE(text.find(documented(option)), std::string::npos)
        << "docs/command_line.md needs this line:\n"
        << documented(option);
  }
}

TEST(Options, PolicyVariablesAreInTheReference) {
  const std::string text = reference();
  for (const PolicyVariable& variable : policy_variables()) {
    const std::string row =
        "| `" + std::string(variable.name) + "` | " + std::string(variable.help) + " |";
    EXPECT_NE(text.find(row), std::string::npos) << "docs/command_line.md needs this line:\n"
                                                 << row;
  }
}

}  // namespace
}  // namespace virnucpro
