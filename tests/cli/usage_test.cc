// Help, version and the messages about a wrong command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "cli/program_runner.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Usage : public CliTest {
 protected:
  // The error of a call that ends with code 2 and prints nothing to standard output.
  std::string error_of(std::vector<std::string> arguments) {
    const ProgramResult result = run(std::move(arguments));
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_EQ(result.out, "");
    return result.err;
  }
};

TEST_F(Usage, PrintsTheVersion) {
  const ProgramResult result = run({"--version"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, testing::MatchesRegex("virnucpro [0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(result.err, "");
}

TEST_F(Usage, HelpOfEveryCommandHasExamplesAndTheCitation) {
  const std::vector<std::vector<std::string>> commands = {{},
                                                          {"predict"},
                                                          {"embed"},
                                                          {"train"},
                                                          {"classify"},
                                                          {"label-reads"},
                                                          {"plot"},
                                                          {"validate"},
                                                          {"devices"},
                                                          {"bench"},
                                                          {"calibrate"},
                                                          {"precision"},
                                                          {"man"},
                                                          {"dataset"},
                                                          {"models"},
                                                          {"models", "list"},
                                                          {"models", "info"},
                                                          {"models", "verify"},
                                                          {"models", "import"}};
  for (std::vector<std::string> arguments : commands) {
    arguments.emplace_back("--help");
    const ProgramResult result = run(arguments);
    EXPECT_TRUE(ends_with(result, 0));
    EXPECT_EQ(result.err, "");
    EXPECT_THAT(result.out, HasSubstr("Examples:\n  virnucpro ")) << result.call;
    EXPECT_THAT(result.out, HasSubstr("https://doi.org/10.1093/bib/bbaf224")) << result.call;
  }
}

TEST_F(Usage, WithoutACommandNamesThreeThatWork) {
  const ProgramResult result = run(std::vector<std::string>());
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, HasSubstr("virnucpro --help"));
  std::istringstream lines(result.out);
  int commands = 0;
  for (std::string line; std::getline(lines, line);) {
    const std::string begin = "  virnucpro ";
    if (!line.starts_with(begin)) continue;
    std::istringstream words(line.substr(begin.size()));
    EXPECT_TRUE(ends_with(run({std::istream_iterator<std::string>(words), {}}), 0));
    ++commands;
  }
  EXPECT_EQ(commands, 3) << result.out;
}

TEST_F(Usage, ACommandIsNeededWhereThereIsNothingToBeginWith) {
  EXPECT_EQ(error_of({"models"}),
            "virnucpro: error: no command; 'virnucpro models --help' lists them\n");
}

TEST_F(Usage, NamesTheNearestCommandAndOption) {
  EXPECT_EQ(error_of({"predcit", "a.fa"}),
            "virnucpro: error: unknown command 'predcit'; did you mean 'predict'? 'virnucpro "
            "--help' lists what there is\n");
  EXPECT_EQ(error_of({"predict", "a.fa", "--thread", "4"}),
            "virnucpro: error: unknown option '--thread'; did you mean '--threads'? 'virnucpro "
            "predict --help' lists what there is\n");
  EXPECT_EQ(error_of({"predict", "a.fa", "--bach-tokens=4"}),
            "virnucpro: error: unknown option '--bach-tokens=4'; did you mean '--batch-tokens'? "
            "'virnucpro predict --help' lists what there is\n");
  for (const char* command : {"list", "info", "import"}) {
    std::vector<std::string> call = {"models", command, "x", "-q"};
    if (std::string(command) == "import") {
      call = {"models",       "import", "--dnabert", "a", "--esm2", "b",
              "--classifier", "5=c",    "-o",        "d", "-q"};
    }
    const std::string error = error_of(call);
    EXPECT_THAT(error, HasSubstr("unknown option '-q'"));
    EXPECT_THAT(error, HasSubstr("'virnucpro models " + std::string(command) + " --help'"));
  }
}

TEST_F(Usage, OptionsThatDoNothingYetAreUnknown) {
  EXPECT_THAT(error_of({"predict", "a.fa", "--html-report"}),
              StartsWith("virnucpro: error: unknown option '--html-report'"));
}

TEST_F(Usage, AValueIsNeededOnceAndOnlyOnce) {
  EXPECT_THAT(error_of({"predict", "a.fa", "--threads"}), HasSubstr("--threads"));
  EXPECT_THAT(error_of({"predict", "a.fa", "--threads", "1", "--threads", "2"}),
              HasSubstr("--threads"));
}

TEST_F(Usage, EscapesControlCharactersOfArguments) {
  EXPECT_EQ(error_of({"predict", "a.fa", "--device\x1b[2J\n"}),
            "virnucpro: error: unknown option '--device\\x1b[2J\\n'; 'virnucpro predict --help' "
            "lists what there is\n");
}

TEST_F(Usage, FailsWhenStandardOutputIsFullOrClosed) {
  EXPECT_TRUE(ends_with(run(ProgramCall{.arguments = {"--help"}, .out_path = "/dev/full"}), 74));
  const ProgramResult closed = run({.arguments = {"models", "list"}, .out_path = "closed"});
  EXPECT_TRUE(ends_with(closed, 74));
  EXPECT_THAT(closed.err, StartsWith("virnucpro: error: standard output cannot be written: "));
}

}  // namespace
}  // namespace virnucpro::test
