// Progress of commands that are no runs: a line on a terminal that rewrites itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Progress : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    const std::vector<TestRecord> records = open_records(4, 200);
    write("a.fa", fasta(records));
    std::string labels = "id\tlabel\n";
    for (std::size_t i = 0; i < records.size(); ++i) {
      labels += records[i].id + (i % 2 == 0 ? "\tvirus\n" : "\tother\n");
    }
    write("labels.tsv", labels);
    ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "-o", "out"}), 0));
  }

  /// A judgement that takes a second or more.
  ProgramResult evaluate(bool on_terminal, const std::vector<std::string>& options = {}) {
    std::vector<std::string> arguments = {"evaluate",   "out",         "--labels",
                                          "labels.tsv", "--resamples", "100000"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    ProgramResult result = run({.arguments = arguments, .on_terminal = on_terminal});
    EXPECT_TRUE(ends_with(result, 0));
    return result;
  }
};

TEST_F(Progress, IsShownOnATerminalAndLeavesNothingBehind) {
  if (!has_terminals()) GTEST_SKIP() << "this system gives no pseudo-terminals (/dev/pts)";
  const std::string shown = evaluate(true).err;
  EXPECT_THAT(shown, HasSubstr("\r\033[Kdrawing: "));
  EXPECT_THAT(shown, HasSubstr(" resamples, "));
  EXPECT_THAT(shown, HasSubstr("% done, "));
  EXPECT_TRUE(shown.ends_with("\r\033[K")) << "the line is taken away at the end";
}

TEST_F(Progress, IsNotShownElsewhereOrWhereItIsSwitchedOff) {
  EXPECT_THAT(evaluate(false).err, Not(HasSubstr("drawing")));
  if (!has_terminals()) GTEST_SKIP() << "this system gives no pseudo-terminals (/dev/pts)";
  EXPECT_THAT(evaluate(true, {"--no-progress"}).err, Not(HasSubstr("drawing")));
  EXPECT_THAT(evaluate(true, {"--quiet"}).err, Not(HasSubstr("drawing")));
}

}  // namespace
}  // namespace virnucpro::test
