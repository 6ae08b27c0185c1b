// `virnucpro devices`: the registry as a table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "cli/program_runner.h"

namespace virnucpro::test {
namespace {

using Devices = CliTest;

TEST_F(Devices, ListsEveryDeviceAndWhyOneCannotBeUsed) {
  const ProgramResult result = run({"devices"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, testing::StartsWith("device\tstatus\tdescription\tprecisions\tnote\n"));
  EXPECT_THAT(result.out, testing::HasSubstr("\ncuda\tnot usable\t-\t-\tnot built into this"));
  EXPECT_THAT(result.out, testing::ContainsRegex(
                              "\ncpu\tusable\t[^\t]+ threads?\tfp16, bf16, int8, fp32\t-\n"));
  EXPECT_THAT(result.out, testing::HasSubstr("\nreference\tusable\t"));
}

TEST_F(Devices, SaysWhatEachPrecisionCosts) {
  const ProgramResult result = run({"devices"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out,
              testing::ContainsRegex("\n\ncpu: [^\t\n]+; [0-9]+ workers? with [0-9]+ threads? on "
                                     "[0-9]+ NUMA nodes?\n"
                                     "precision\tcomputed_as\texpected_time\tmini_weights_mb\t"
                                     "published_weights_mb\tworst_cosine\n"
                                     "fp16\t[^\t]+\t1.00\t[0-9.]+\t5897.8\t0.99999\n"
                                     "bf16\t[^\t]+\t[0-9.]+\t[0-9.]+\t5897.8\t0.999\n"
                                     "int8\t[^\t]+\t[0-9.]+\t[0-9.]+\t2948.9\t0.99\n"
                                     "fp32\t[^\t]+\t[0-9.]+\t[0-9.]+\t5897.8\t0.99999\n$"));
}

/// The expected time of a precision in the output of `devices`.
double expected_time(const std::string& out, const std::string& precision) {
  std::istringstream row(out.substr(out.find("\n" + precision + "\t") + 1));
  std::string cell;
  for (int column = 0; column < 3; ++column) std::getline(row, cell, '\t');
  return std::stod(cell);
}

TEST_F(Devices, TheRunNamesAPrecisionThatIsMuchFasterHere) {
  const std::string times = run({"devices"}).out;
  const bool much_faster = expected_time(times, "int8") <= 1.0 / 1.5;
  write("in.fa", ">a\nACGT\n");
  const std::string advice = "int8 about";
  const ProgramResult said = run({"predict", "in.fa", "-o", "a"});
  EXPECT_TRUE(ends_with(said, 0));
  EXPECT_EQ(said.err.find(advice) != std::string::npos, much_faster) << said.err << times;
  EXPECT_THAT(run({"predict", "in.fa", "-o", "b", "--quiet"}).err,
              testing::Not(testing::HasSubstr(advice)));
  EXPECT_THAT(run({"predict", "in.fa", "-o", "c", "--precision", "int8"}).err,
              testing::Not(testing::HasSubstr("times as fast")));
  EXPECT_THAT(run({"predict", "in.fa", "-o", "d", "--device", "reference"}).err,
              testing::Not(testing::HasSubstr("times as fast")));
}

}  // namespace
}  // namespace virnucpro::test
