// `virnucpro doctor`: the whole look, and every failure with its mend.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "cli/program_runner.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class DoctorTest : public CliTest {
 protected:
  /// The findings that are failures, as "section: name".
  static std::set<std::string> failures_of(const ProgramResult& result) {
    std::set<std::string> failures;
    const json report = json::parse(result.out);
    for (const json& each : report["findings"]) {
      if (each["finding"] == "failure") {
        failures.insert(each["section"].get<std::string>() + ": " +
                        each["name"].get<std::string>());
        EXPECT_NE(each["mend"].get<std::string>(), "");
      }
    }
    return failures;
  }
};

TEST_F(DoctorTest, FindsThatRunsWork) {
  const ProgramResult result = run({"doctor", "--no-speed", "--quiet"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out,
              AllOf(StartsWith("virnucpro "), HasSubstr("\nprocessor\n"), HasSubstr("\nmemory\n"),
                    HasSubstr("\nlimits\n"), HasSubstr("\ndisks\n"), HasSubstr("\ndevices\n"),
                    HasSubstr("\nmodels\n"), HasSubstr("\nresults\n"), HasSubstr("\nWELL: ")));
  EXPECT_THAT(result.out, AllOf(HasSubstr("mini on cpu: fp16: centred cosines "),
                                HasSubstr("; bf16: "), HasSubstr("; int8: "), HasSubstr("; fp32: "),
                                HasSubstr("  device = auto (default)\n"),
                                HasSubstr("           mend: Without an NVIDIA GPU")));
}

TEST_F(DoctorTest, PrintsTheSameAsJson) {
  const ProgramResult result = run({.arguments = {"doctor", "--json", "--no-speed", "--quiet"},
                                    .variables = {{"VIRNUCPRO_BATCH_TOKENS", "2048"}}});
  EXPECT_TRUE(ends_with(result, 0));
  const json report = json::parse(result.out);
  EXPECT_EQ(report["well"], true);
  EXPECT_GT(report["findings"].size(), 10u);
  EXPECT_THAT(failures_of(result), testing::IsEmpty());
  bool found = false;
  for (const json& setting : report["settings"]) {
    if (setting["name"] != "batch-tokens") continue;
    EXPECT_EQ(setting["value"], "2048");
    EXPECT_EQ(setting["from"], "VIRNUCPRO_BATCH_TOKENS");
    found = true;
  }
  EXPECT_TRUE(found);
}

TEST_F(DoctorTest, NamesEveryFailureWithItsMendAndAnExitCode) {
  const std::vector<std::string> look = {"doctor", "--json", "--no-speed", "--quiet"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), look.begin(), look.end());
    return more;
  };
  const ProgramResult bundle = run(with({"--bundle", "nowhere"}));
  EXPECT_TRUE(ends_with(bundle, 3));
  EXPECT_THAT(failures_of(bundle), testing::ElementsAre("models: nowhere (--bundle)"));
  EXPECT_THAT(bundle.err, HasSubstr("a run would not work here: models, nowhere (--bundle): "));

  const ProgramResult device = run(with({"--device", "cuda:3"}));
  EXPECT_TRUE(ends_with(device, 4));
  EXPECT_THAT(failures_of(device), testing::ElementsAre("devices: chosen (--device)"));

  const ProgramResult disk = run(with({"-o", "/proc/results"}));
  EXPECT_TRUE(ends_with(disk, 74));
  EXPECT_THAT(failures_of(disk), testing::ElementsAre("disks: results (--output-dir)"));

  const ProgramResult settings = run(
      {.arguments = look, .variables = {{"VIRNUCPRO_FDR", "0.1"}, {"VIRNUCPRO_RELAXED", "yes"}}});
  EXPECT_TRUE(ends_with(settings, 2));
  EXPECT_THAT(failures_of(settings), testing::ElementsAre("settings: predict"));

  const ProgramResult files = run({.arguments = look, .open_files = 48});
  EXPECT_TRUE(ends_with(files, 4));
  EXPECT_THAT(failures_of(files), testing::ElementsAre("limits: open files (ulimit -n)"));
}

TEST_F(DoctorTest, SaysHowFastThePublishedModelsWouldBe) {
#ifdef VIRNUCPRO_SANITIZED
  GTEST_SKIP() << "a layer of ESM-2 3B, many times as slow";
#endif
  const ProgramResult result = run({"doctor", "--json", "--quiet"});
  EXPECT_TRUE(ends_with(result, 0));
  const json speeds = json::parse(result.out)["published_speed"];
  std::set<std::string> precisions;
  for (const json& each : speeds) {
    EXPECT_GT(each["frames_per_second"].get<double>(), 0.0);
    precisions.insert(each["precision"].get<std::string>());
  }
  EXPECT_EQ(precisions, (std::set<std::string>{"bf16", "fp16", "int8"}));
}

}  // namespace
}  // namespace virnucpro::test
