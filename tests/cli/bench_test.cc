// `virnucpro bench`: every figure is there and within its bounds. Speed itself is not tested.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Bench : public CliTest {
 protected:
  /// The smallest measurement: one round.
  ProgramResult bench(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"bench", "--seconds", "0.001", "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  json figures(std::vector<std::string> more) {
    more.insert(more.end(), {"--json", "-"});
    const ProgramResult result = bench(std::move(more));
    EXPECT_TRUE(ends_with(result, 0));
    return json::parse(result.out);
  }

  void expect_error(const std::vector<std::string>& more, const std::string& message) {
    const ProgramResult result = bench(more);
    EXPECT_TRUE(ends_with(result, 2));
    EXPECT_EQ(result.out, "");
    EXPECT_THAT(result.err, HasSubstr(message));
  }
};

void expect_spread(const json& spread) {
  EXPECT_GT(spread["lowest"], 0.0);
  EXPECT_LE(spread["lowest"], spread["median"]);
  EXPECT_LE(spread["median"], spread["highest"]);
}

void expect_encoder(const json& stage) {
  EXPECT_GT(stage["tokens"], 0);
  EXPECT_GT(stage["tokens_per_second"], 0.0);
  EXPECT_GT(stage["gflops_per_second"], 0.0);
  EXPECT_GT(stage["attention_flops"], 0.0);
  EXPECT_GT(stage["linear_share_of_ceiling"], 0.0);
  EXPECT_GT(stage["share_of_ceiling"], stage["linear_share_of_ceiling"]);
  EXPECT_GT(stage["packing_efficiency"], 0.0);
  EXPECT_LE(stage["packing_efficiency"], 1.0);
  expect_spread(stage["ceiling_gflops_per_second"]);
  EXPECT_EQ(stage["ceiling_products"].size(), 4u);
}

TEST_F(Bench, MeasuresEveryStageInEveryPrecision) {
  const json all =
      figures({"--shape", "mini", "--precision", "fp16,bf16,int8,fp32", "--orfs", "10"});
  EXPECT_GE(all["threads"], 1);
  EXPECT_EQ(all["device"], "cpu");
  ASSERT_EQ(all["results"].size(), 4u);
  std::vector<std::string> precisions;
  for (const json& result : all["results"]) {
    precisions.push_back(result["precision"]);
    EXPECT_EQ(result["models"], "mini");
    EXPECT_EQ(result["packed"], result["precision"] != "fp32");
    EXPECT_GE(result["input"]["orfs"], 10);
    EXPECT_GE(result["rounds"], 1);
    EXPECT_GT(result["batch_tokens"], 0);
    EXPECT_GT(result["peak_memory_bytes"], 1 << 20);
    EXPECT_TRUE(result["gpus"].empty());
    for (const char* stage :
         {"read", "frames", "tokenize", "dnabert_s", "esm2", "classify", "write"}) {
      EXPECT_GT(result["stages"][stage]["orfs_per_second"], 0.0) << stage;
      expect_spread(result["stages"][stage]["seconds"]);
    }
    expect_encoder(result["stages"]["dnabert_s"]);
    expect_encoder(result["stages"]["esm2"]);
    expect_spread(result["end_to_end"]["seconds"]);
    EXPECT_GT(result["end_to_end"]["share_of_ceiling"], 0.0);
    EXPECT_EQ(result["stages"]["esm2"]["tokens"], result["input"]["tokens"]["esm2"]);
    EXPECT_EQ(result["stages"]["dnabert_s"]["tokens"], result["input"]["tokens"]["dnabert_s"]);
  }
  EXPECT_THAT(precisions, testing::ElementsAre("fp16", "bf16", "int8", "fp32"));
}

TEST_F(Bench, CountsTheTokensOfAGivenInput) {
  write("a.fa", ">a\nATGGCCATGGCC\n>b\nATGGCCATGGCCAAA\n>none\nTA\n");
  const json all = figures({"a.fa", "--orfs", "0", "--expected-length", "300"});
  EXPECT_EQ(all["expected_length"], 300);
  EXPECT_EQ(all["inputs"], json({"a.fa"}));
  const json result = all["results"][0];
  EXPECT_EQ(result["models"], "bundle mini");
  EXPECT_EQ(result["input"]["records"], 3);
  EXPECT_EQ(result["input"]["bases"], 29);
  // Six open frames each; residues and <cls>, <eos>.
  EXPECT_EQ(result["input"]["orfs"], 12);
  EXPECT_EQ(result["input"]["tokens"]["esm2"], (2 * 4 + 4 * 3 + 6 * 2) + (2 * 5 + 4 * 4 + 6 * 2));
}

TEST_F(Bench, TakesAPartOfALargeInputAlsoFromStandardInput) {
  const std::string text = fasta(open_records(20, 1000));
  std::vector<std::string> arguments = {"bench", "-",       "--orfs",    "5",     "--json",
                                        "-",     "--quiet", "--seconds", "0.001", "--batch-tokens",
                                        "500"};
  const ProgramResult result = run({.arguments = arguments, .input = text});
  ASSERT_TRUE(ends_with(result, 0));
  const json all = json::parse(result.out);
  EXPECT_GE(all["results"][0]["input"]["orfs"], 5);
  EXPECT_LE(all["results"][0]["input"]["orfs"], 11);
  EXPECT_EQ(all["results"][0]["batch_tokens"], 500);
}

TEST_F(Bench, PrintsATableAndWritesTheFileToo) {
  const ProgramResult result =
      bench({"--shape", "mini", "--orfs", "4", "--threads", "1", "--json", "b.json"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, testing::StartsWith("models\tprecision\tstage\tseconds\t"));
  EXPECT_THAT(result.out, HasSubstr("\nmini\tfp16\tesm2\t"));
  EXPECT_THAT(last_line(result.out), testing::StartsWith("mini\tfp16\tend_to_end\t"));
  EXPECT_THAT(names_in(""), testing::ElementsAre("b.json"));
  EXPECT_EQ(json::parse(read("b.json"))["threads"], 1);
}

TEST_F(Bench, RunsOnTheDeviceThatIsNamed) {
  const json all = figures({"--device", "reference", "--orfs", "1", "--batch-tokens", "64"});
  EXPECT_EQ(all["device"], "reference");
  EXPECT_EQ(all["threads"], 1);
}

TEST_F(Bench, HoldsGpusToWhatTheyMultiplyTogether) {
  const std::map<std::string, std::string> fakes = {{"LD_LIBRARY_PATH", VIRNUCPRO_FAKE_DRIVER},
                                                    {"VIRNUCPRO_CUDA_PLUGIN", VIRNUCPRO_FAKE_CUDA},
                                                    {"VIRNUCPRO_TEST_GPUS", "9 9"}};
  const auto bench_on = [&](const std::string& device) {
    return run({.arguments = {"bench", "--device", device, "--shape", "mini", "--orfs", "4",
                              "--batch-tokens", "500", "--seconds", "0.001", "--json", "-"},
                .variables = fakes});
  };
  const ProgramResult result = bench_on("cuda");
  ASSERT_TRUE(ends_with(result, 0));
  const json all = json::parse(result.out);
  EXPECT_EQ(all["device"], "cuda:0,1");
  EXPECT_EQ(all["workers"], 6);  // three of each
  const json measured = all["results"][0];
  ASSERT_EQ(measured["gpus"].size(), 2u);
  EXPECT_EQ(measured["gpus"][1]["name"], "cuda:1");
  EXPECT_EQ(measured["gpus"][1]["ceiling_gflops_per_second"]["median"], 1000.0);
  EXPECT_EQ(measured["stages"]["esm2"]["ceiling_gflops_per_second"]["median"], 2000.0);
  EXPECT_EQ(measured["stages"]["esm2"]["tokens"], measured["input"]["tokens"]["esm2"]);

  const ProgramResult mix = bench_on("cuda:0,cpu");
  EXPECT_TRUE(ends_with(mix, 4));
  EXPECT_THAT(mix.err, HasSubstr("GPUs are measured without the CPU beside them"));
}

TEST_F(Bench, RefusesWhatItCannotMeasure) {
  expect_error({"--shape", "esm2-15b"}, "unknown shape 'esm2-15b'. Use one of: mini, ");
  expect_error({"--precision", "int4"}, "--precision: 'int4' cannot be used; it takes fp16, bf16,");
  expect_error({"--precision", "fp16,fp16"}, "--precision: 'fp16,fp16' has an entry that is");
  expect_error({"--precision", ""}, "--precision");
  expect_error({"--orfs", "0"}, "--orfs 0 takes the whole input, but there is none");
  expect_error({"-", "--orfs", "0"}, "standard input ('-') cannot");
  expect_error({"--orfs", "many"}, "--orfs");
  expect_error({"--expected-length", "400"}, "--expected-length");
  expect_error({"no_such.fa"}, "no_such.fa");
  expect_error({"--output-dir", "x"}, "unknown option '--output-dir'");
  const ProgramResult no_device = bench({"--device", "tpu"});
  EXPECT_TRUE(ends_with(no_device, 4));
  EXPECT_THAT(no_device.err, HasSubstr("unknown device 'tpu'"));
  EXPECT_TRUE(ends_with(run({"bench", "--seconds", "0"}), 2));
  EXPECT_TRUE(ends_with(bench({"--bundle", "no_such_folder"}), 3));
  EXPECT_TRUE(ends_with(bench({"--json", "no_such_folder/b.json", "--orfs", "2"}), 74));
  write("none.fa", ">a\nTA\n");
  expect_error({"none.fa"}, "no open reading frame");
}

}  // namespace
}  // namespace virnucpro::test
