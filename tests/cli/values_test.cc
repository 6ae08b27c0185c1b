// The values of options: every option of every command, found in the help, with texts that are not
// values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"
#include "support/sanitized.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// One call of each command that lacks nothing but files that exist.
const std::map<std::string, std::vector<std::string>> kCalls = {
    {"predict", {"predict", "no.fa"}},
    {"report", {"report", "no"}},
    {"merge", {"merge", "no", "-o", "out"}},
    {"embed", {"embed", "no.fa", "-o", "out.h5"}},
    {"train", {"train", "no.fa", "--labels", "no.tsv", "-o", "out"}},
    {"evaluate", {"evaluate", "no", "--labels", "no.tsv"}},
    {"dataset", {"dataset", "no.gb", "--labels", "no.tsv", "-o", "out"}},
    {"calibrate", {"calibrate", "no", "--labels", "no.tsv", "-o", "out"}},
    {"models list", {"models", "list", "no"}},
    {"models info", {"models", "info", "no"}},
    {"models verify", {"models", "verify", "no"}},
    {"models convert", {"models", "convert", "no", "-o", "out"}},
    {"models import",
     {"models", "import", "--dnabert", "no", "--esm2", "no", "--classifier", "500=no", "-o",
      "out"}},
    {"models pull", {"models", "pull", "virnucpro-500", "--from", "no", "--to", "out"}},
    {"models export", {"models", "export", "no", "-o", "out.tar"}},
    {"validate", {"validate", "no.fa"}},
    {"devices", {"devices"}},
    {"doctor", {"doctor", "--no-speed=true", "--bundle", "no"}},
    {"classify", {"classify", "no.fa", "out.tsv"}},
    {"label-reads", {"label-reads", "no.bam", "no", "-o", "out.tsv"}},
    {"plot", {"plot", "no", "-o", "out.svg"}},
    {"bench", {"bench", "no.fa"}},
    {"precision", {"precision", "no.fa"}},
    {"completion", {"completion", "bash"}},
    {"man", {"man"}},
    {"estimate", {"estimate", "no.fa"}},
    {"shards plan", {"shards", "plan", "no.fa", "--shards", "2"}},
};

/// The names in the help for values that are numbers, or hold one.
const std::set<std::string> kNumbers = {"N",       "D",   "P",   "Q",           "S",  "T",
                                        "300|500", "I/N", "N,N", "LENGTH=FILE", "MM", "H"};
/// The names for all others.
const std::set<std::string> kNoNumbers = {"DIR",
                                          "FILE",
                                          "FILE|DIR",
                                          "FILE|BUNDLE",
                                          "NAME",
                                          "NAMES",
                                          "NAME,...",
                                          "NAME|DIR",
                                          "NAME|DIR,...",
                                          "TEXT",
                                          "v2|original",
                                          "tsv|jsonl",
                                          "open|longest|longest-two",
                                          "published|bundle",
                                          "GROUP,...",
                                          "ID",
                                          "track|scores|roc|precision-recall|calibration",
                                          "score|calibrated",
                                          "300|500|custom",
                                          "viral|others|all-but-viral",
                                          "FILE,...",
                                          "fp16|bf16|int8|fp8|fp32",
                                          "int8|fp8",
                                          "adamw|sgd",
                                          "cosine|step|constant",
                                          "groups|classes|none",
                                          "platt|isotonic"};

/// Texts that some parser takes for numbers.
const std::vector<std::string> kBadNumbers = {
    " ",   " 1",   "1 ", "+1",    "-1", "0x10", "nan",     "inf", "1e999", "99999999999999999999",
    "1_0", "1,5 ", "１", "1.5.0", "1h", "--",   "--quiet", "0b1", "1e-999"};

// Every how many of them one option is given, from another one on each: each starts a program.
constexpr std::size_t kBadNumberStep = kSanitized ? 5 : 1;

struct HelpOption {
  std::string flag;   ///< the first long one
  std::string value;  ///< what it takes; empty for a switch
};

class Values : public CliTest, public testing::WithParamInterface<std::string> {
 protected:
  std::vector<std::string> lines_of(std::vector<std::string> command) const {
    command.emplace_back("--help");
    std::istringstream help(run(command).out);
    std::vector<std::string> lines;
    for (std::string line; std::getline(help, line);) lines.push_back(line);
    return lines;
  }

  /// "  -t,--threads N     Threads; ...".
  std::vector<HelpOption> options_of(const std::string& name) const {
    std::vector<std::string> command = {kCalls.at(name).front()};
    if (command.front() == "models") command.push_back(kCalls.at(name)[1]);
    std::vector<HelpOption> options;
    for (const std::string& line : lines_of(command)) {
      if (!line.starts_with("  -")) continue;
      std::istringstream words(line.substr(0, line.find("  ", 2)));
      std::string flags;
      HelpOption option;
      words >> flags >> option.value;
      const std::size_t begin = flags.find("--");
      option.flag = flags.substr(begin, flags.find(',', begin) - begin);
      if (option.flag != "--help") options.push_back(option);
    }
    return options;
  }

  /// A call with one more value, or another value for an option that is needed.
  ProgramResult call(const std::string& flag, const std::vector<std::string>& value) const {
    std::vector<std::string> arguments = kCalls.at(GetParam());
    const std::string short_flag = flag == "--output-dir" || flag == "--output" ? "-o" : flag;
    const auto found = std::find(arguments.begin(), arguments.end(), short_flag);
    if (found != arguments.end()) arguments.erase(found, found + 2);
    arguments.insert(arguments.end(), value.begin(), value.end());
    return run(arguments);
  }
};

INSTANTIATE_TEST_SUITE_P(OfEvery, Values, testing::ValuesIn([] {
                           std::vector<std::string> names;
                           for (const auto& [name, call] : kCalls) names.push_back(name);
                           return names;
                         }()),
                         [](const auto& each) {
                           std::string name = each.param;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST_P(Values, ThatAreNoNumbersAreRefusedWithOneMessage) {
  std::size_t first = 0;
  for (const HelpOption& option : options_of(GetParam())) {
    if (option.value.empty()) continue;
    ASSERT_TRUE(kNumbers.contains(option.value) || kNoNumbers.contains(option.value))
        << option.flag << " " << option.value << ": say in this test whether it takes a number";
    if (!kNumbers.contains(option.value)) continue;
    for (std::size_t i = first++ % kBadNumberStep; i < kBadNumbers.size(); i += kBadNumberStep) {
      const std::string& bad = kBadNumbers[i];
      const std::string text = option.value == "LENGTH=FILE" ? bad + "=c.pth"
                               : option.value == "I/N"       ? bad + "/2"
                                                             : bad;
      const ProgramResult result = call(option.flag, {option.flag, text});
      EXPECT_TRUE(ends_with(result, 2));
      EXPECT_THAT(result.err, StartsWith("virnucpro: error: " + option.flag + ": '" + text +
                                         "' cannot be used; it takes "));
    }
  }
}

TEST_P(Values, AreNeverOctal) {
  for (const HelpOption& option : options_of(GetParam())) {
    if (!kNumbers.contains(option.value)) continue;
    // 8 in octal, nothing in decimal; and with an exponent, which only numbers with a point have.
    for (const char* text : {"010", "08", "1e3"}) {
      const ProgramResult result = call(option.flag, {option.flag, text});
      EXPECT_THAT(result.exit_code, testing::AnyOf(2, 3, 4)) << result.call << result.err;
      // Taken, and then a file is missing; or refused in the same words as all others.
      if (result.err.find("cannot be used; it takes") == std::string::npos) continue;
      EXPECT_THAT(result.err, StartsWith("virnucpro: error: " + option.flag + ": '" + text + "'"));
    }
  }
}

TEST_P(Values, ThatAreEmptyAreRefusedAndNotTakenForAbsent) {
  for (const HelpOption& option : options_of(GetParam())) {
    const std::string refused =
        "virnucpro: error: " + option.flag + ": '' cannot be used; it takes ";
    const ProgramResult joined = call(option.flag, {option.flag + "="});
    EXPECT_TRUE(ends_with(joined, 2));
    EXPECT_THAT(joined.err, StartsWith(refused));
    if (option.value.empty()) continue;
    const ProgramResult apart = call(option.flag, {option.flag, ""});
    EXPECT_TRUE(ends_with(apart, 2));
    EXPECT_THAT(apart.err, StartsWith(refused));
  }
}

TEST_P(Values, OfSwitchesAreTrueOrFalse) {
  for (const HelpOption& option : options_of(GetParam())) {
    if (!option.value.empty()) continue;
    const ProgramResult result = call(option.flag, {option.flag + "=perhaps"});
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_EQ(result.err, "virnucpro: error: " + option.flag +
                              ": 'perhaps' cannot be used; it takes true or false\n");
  }
}

class AllCommands : public Values {};
INSTANTIATE_TEST_SUITE_P(Once, AllCommands, testing::Values("predict"));

TEST_P(AllCommands, AreInThisTest) {
  const auto commands = [&](const std::vector<std::string>& command) {
    std::set<std::string> names;
    bool is_list = false;
    for (const std::string& line : lines_of(command)) {
      if (is_list && line.empty()) break;
      const bool is_command = is_list && line.starts_with("  ") && line[2] != ' ';
      if (line == "Subcommands:") is_list = true;
      if (!is_command) continue;
      names.insert((command.empty() ? "" : command.front() + " ") +
                   line.substr(2, line.find(' ', 2) - 2));
    }
    return names;
  };
  std::set<std::string> expected = commands({});
  for (const char* family : {"models", "shards"}) {
    ASSERT_TRUE(expected.erase(family) == 1);
    expected.merge(commands({family}));
  }
  std::set<std::string> found;
  for (const auto& [name, call] : kCalls) found.insert(name);
  EXPECT_EQ(found, expected);
}

class Precedence : public CliTest {
 protected:
  ProgramResult predict(std::vector<std::string> more,
                        std::map<std::string, std::string> variables = {}) {
    write("a.fa", fasta(open_records(1, 200)));
    std::vector<std::string> arguments = {"predict", "a.fa", "-o", "out", "--force"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run({.arguments = arguments, .variables = std::move(variables)});
  }
  nlohmann::json option(const char* name) {
    return nlohmann::json::parse(read("out/run.json"))["options"][name];
  }
};

TEST_F(Precedence, LeadingZerosAreDecimalFromEverySource) {
  ASSERT_TRUE(ends_with(predict({"--batch-tokens", "0100", "--threads", "03"}), 0));
  EXPECT_EQ(option("batch_tokens"), 100);
  EXPECT_EQ(option("threads"), 3);
  write("run.yaml", "batch_tokens: 0100\n");
  ASSERT_TRUE(ends_with(predict({"--config", "run.yaml"}, {{"VIRNUCPRO_THREADS", "02"}}), 0));
  EXPECT_EQ(option("batch_tokens"), 100);
  EXPECT_EQ(option("threads"), 2);
}

TEST_F(Precedence, ALaterSourceReplacesTheRuleOfAnEarlierOne) {
  write("run.yaml", "fdr: 0.05\n");
  const auto calls = [&] { return nlohmann::json::parse(read("out/run.json"))["calls"]; };
  ASSERT_TRUE(ends_with(predict({"--config", "run.yaml"}), 0));
  EXPECT_EQ(calls()["fdr"], 0.05);
  ASSERT_TRUE(ends_with(predict({"--config", "run.yaml", "--conservative"}), 0));
  EXPECT_EQ(calls()["preset"], "conservative");
  EXPECT_FALSE(calls().contains("fdr"));
  ASSERT_TRUE(ends_with(predict({"--config", "run.yaml"}, {{"VIRNUCPRO_RELAXED", "yes"}}), 0));
  EXPECT_EQ(calls()["preset"], "relaxed");
  ASSERT_TRUE(ends_with(predict({"--fdr", "0.5"}, {{"VIRNUCPRO_CONSERVATIVE", "1"}}), 0));
  EXPECT_EQ(calls()["fdr"], 0.5);
  write("run.yaml", "fdr: 0.05\nrelaxed: true\n");
  EXPECT_THAT(predict({"--config", "run.yaml"}).err,
              StartsWith("virnucpro: error: run.yaml: line 1: fdr and run.yaml: line 2: relaxed: "
                         "--fdr, --conservative and --relaxed exclude each other"));
}

TEST_F(Precedence, ASwitchOfAFileIsTakenBackByAFlag) {
  write("run.yaml", "no_packing: true\nquiet: true\n");
  ASSERT_TRUE(ends_with(predict({"--config", "run.yaml"}), 0));
  EXPECT_EQ(option("packed"), false);
  const ProgramResult result =
      predict({"--config", "run.yaml", "--no-packing=false", "--quiet=no"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(option("packed"), true);
  EXPECT_NE(result.err, "");
}

TEST_F(Precedence, TheMemoryOfGpusIsANumberLikeAllOthers) {
  for (const std::string& text : kBadNumbers) {
    const ProgramResult result =
        run({.arguments = {"devices"}, .variables = {{"VIRNUCPRO_CUDA_MEMORY", text}}});
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_THAT(result.err, StartsWith("virnucpro: error: VIRNUCPRO_CUDA_MEMORY: '" + text +
                                       "' cannot be used; it takes the MiB of each GPU"));
  }
  EXPECT_TRUE(ends_with(
      run({.arguments = {"devices"}, .variables = {{"VIRNUCPRO_CUDA_MEMORY", "010"}}}), 0));
}

class EndOfOptions : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    for (const char* name : {"-a.fa", "--quiet", "--", "[b,c]", "merge", "-1"}) {
      write(name, ">r\nACGTACGTACGT\n");
    }
  }
  /// The files that `validate` has read.
  std::vector<std::string> files(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "validate");
    const ProgramResult result = run(arguments);
    EXPECT_TRUE(ends_with(result, 0));
    std::istringstream table(result.out);
    std::vector<std::string> names;
    std::string line;
    std::getline(table, line);
    while (std::getline(table, line)) names.push_back(line.substr(0, line.find('\t')));
    return names;
  }
  using Names = std::vector<std::string>;
};

TEST_F(EndOfOptions, MakesFilesOfAllThatFollows) {
  EXPECT_EQ(files({"--", "-a.fa"}), Names{"-a.fa"});
  EXPECT_EQ(files({"--", "--quiet", "-a.fa"}), (Names{"--quiet", "-a.fa"}));
  EXPECT_EQ(files({"merge", "-q", "--", "--quiet", "--", "-1"}),
            (Names{"merge", "--quiet", "--", "-1"}));
  EXPECT_EQ(files({"merge", "--"}), Names{"merge"});
  EXPECT_EQ(files({"[b,c]"}), Names{"[b,c]"}) << "no list";
}

TEST_F(EndOfOptions, HoldsForCommandsWithOneArgument) {
  EXPECT_EQ(run({"report", "--", "-a.fa"}).err.find("unknown"), std::string::npos);
  const ProgramResult many = run({"report", "out", "--", "-a.fa"});
  EXPECT_TRUE(ends_with(many, 2));
  EXPECT_EQ(many.err,
            "virnucpro: error: unknown argument '-a.fa'; 'virnucpro report --help' lists what "
            "there is\n");
  EXPECT_TRUE(ends_with(run({"models", "info", "--", "mini"}), 0));
  EXPECT_TRUE(ends_with(run({"devices", "--"}), 0));
}

TEST_F(EndOfOptions, StandsBehindTheCommand) {
  for (const std::vector<std::string>& arguments :
       {Names{"--", "predict", "-a.fa"}, Names{"models", "--", "list"}}) {
    const ProgramResult result = run(arguments);
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_THAT(result.err, HasSubstr("'--' ends the options of a command, so it comes after"));
  }
}

TEST_F(EndOfOptions, IsAValueWhereOneIsNeeded) {
  const ProgramResult result = run({"predict", "--threads", "--", "-a.fa"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_THAT(result.err, StartsWith("virnucpro: error: unknown option '-a.fa'"));
}

TEST_F(EndOfOptions, AnOptionHasOneValueAndIsGivenOnce) {
  const ProgramResult twice = run({"predict", "a.fa", "--device", "cpu", "-d", "cpu"});
  EXPECT_TRUE(ends_with(twice, 2));
  EXPECT_EQ(twice.err, "virnucpro: error: --device: is given more than once; give one value\n");
  const ProgramResult none = run({"predict", "a.fa", "--threads"});
  EXPECT_TRUE(ends_with(none, 2));
  EXPECT_EQ(none.err, "virnucpro: error: --threads: has no value; give one behind it\n");
}

}  // namespace
}  // namespace virnucpro::test
