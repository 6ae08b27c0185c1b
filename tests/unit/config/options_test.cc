// The table of options is consistent, and the reference documentation follows it.
#include "config/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace virnucpro {
namespace {

TEST(Options, AreOnceInEachCommand) {
  for (const Command command : commands()) {
    std::set<std::string> seen;
    for (const Option& option : options()) {
      if (!option.belongs_to(command)) continue;
      EXPECT_TRUE(seen.insert(std::string(option.name)).second)
          << option.name << " of " << name_of(command);
      for (const std::string& flag : split_list(option.flags())) {
        EXPECT_TRUE(seen.insert(flag).second) << flag << " of " << name_of(command);
      }
    }
  }
}

/// A switch and a value of one name (--json of `doctor`, --json FILE of `bench`) are two things.
TEST(Options, OfOneNameAndKindHaveTheSameSources) {
  std::map<std::pair<std::string_view, bool>, OptionSources> sources;
  for (const Option& option : options()) {
    // What a bundle is stored in is no setting of runs.
    if (option.name == "precision" && option.belongs_to(Command::kConvert)) continue;
    const std::pair key(option.name, option.type == OptionType::kSwitch);
    EXPECT_EQ(sources.emplace(key, option.sources).first->second, option.sources) << option.name;
  }
}

TEST(Options, AreNamedAlikeBySources) {
  const Option* length = find_option(Command::kEmbed, "expected-length");
  ASSERT_NE(length, nullptr);
  EXPECT_EQ(length->flags(), "--expected-length,--model-type");
  EXPECT_EQ(length->yaml_key(), "expected_length");
  EXPECT_EQ(length->variable(), "VIRNUCPRO_EXPECTED_LENGTH");
  EXPECT_EQ(find_option(Command::kPredict, "threads")->flags(), "-t,--threads,--merge-threads");
  EXPECT_EQ(find_option(Command::kMerge, "threads"), nullptr);
}

TEST(Options, AreWholeRows) {
  for (const Option& option : options()) {
    EXPECT_EQ(option.type == OptionType::kSwitch, option.value_name.empty()) << option.name;
    EXPECT_NE(option.commands, 0) << option.name;
    EXPECT_FALSE(option.help.empty() || option.values().empty()) << option.name;
    EXPECT_EQ(option.help.ends_with("(required)") || option.help.ends_with("(required)."),
              !option.missing.empty())
        << option.name;
  }
}

/// What may be overwritten or gone on with is decided anew for each run, GPUs have the key of the
/// device, packing has a variable that overrules flags, and the precision that a bundle is stored
/// in is no setting of runs. Flags of earlier programs are flags alone.
TEST(Options, ComeFromEverySourceButForAFew) {
  std::set<std::string_view> without;
  for (const Option& option : options()) {
    if (!option.has_effect) continue;
    if (option.yaml_key().empty() || option.variable().empty()) without.insert(option.name);
  }
  EXPECT_THAT(without,
              testing::ElementsAre("config", "expected", "force", "from", "gpus", "html", "json",
                                   "keep-downloads", "list", "model-path", "model-type", "no-check",
                                   "no-gpu", "no-packing", "no-speed", "precision", "published",
                                   "repair", "resume", "to", "use-gpu", "virnucpro-path"));
}

TEST(Options, HaveDefaultsThatTheyAccept) {
  int looked_at = 0;
  for (const Option& option : options()) {
    const bool is_value = option.type != OptionType::kText && option.default_text != "" &&
                          option.default_text.find(' ') == std::string_view::npos;
    if (!is_value) continue;
    EXPECT_TRUE(option.accepts(std::string(option.default_text))) << option.name;
    ++looked_at;
  }
  EXPECT_GT(looked_at, 30);
}

std::string reference() {
  std::ifstream file(VIRNUCPRO_SOURCE_DIR "/docs/reference/command_line.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What the section of a command says of its options is of options that it has.
TEST(Options, AreThereWhereSectionsOfTheReferenceTellOfThem) {
  const std::string text = reference();
  int looked_at = 0;
  for (const Command command : commands()) {
    const std::string head = "\n## " + std::string(name_of(command)) + "\n";
    const std::size_t begin = text.find(head);
    if (begin == std::string::npos) continue;
    const std::size_t end = text.find("\n## ", begin + head.size());
    std::istringstream lines(text.substr(begin, end - begin));
    for (std::string line; std::getline(lines, line);) {
      if (!line.starts_with("| `-")) continue;
      const std::string cell = line.substr(0, line.find(" | "));
      for (std::size_t at = 0; (at = cell.find("`--", at)) != std::string::npos; ++at) {
        const std::string flag = cell.substr(at + 1, cell.find('`', at + 1) - at - 1);
        const bool has = std::ranges::any_of(options(), [&](const Option& option) {
          return option.belongs_to(command) &&
                 std::ranges::count(split_list(option.flags()), flag) > 0;
        });
        EXPECT_TRUE(has) << flag << " of " << name_of(command);
        ++looked_at;
      }
    }
  }
  EXPECT_GT(looked_at, 50);
}

TEST(Options, PolicyVariablesAreInTheReference) {
  const std::string text = reference();
  for (const PolicyVariable& variable : policy_variables()) {
    const std::string row =
        "| `" + std::string(variable.name) + "` | " + std::string(variable.help) + " |";
    EXPECT_NE(text.find(row), std::string::npos)
        << "docs/reference/command_line.md needs this line:\n"
        << row;
  }
}

}  // namespace
}  // namespace virnucpro
