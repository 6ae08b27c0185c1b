// `virnucpro devices`: the registry as a table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  EXPECT_THAT(result.out,
              testing::ContainsRegex("\ncpu\tusable\t[^\t]+ threads?\tfp16, bf16, fp32"));
  EXPECT_THAT(result.out, testing::HasSubstr("\nreference\tusable\t"));
}

}  // namespace
}  // namespace virnucpro::test
