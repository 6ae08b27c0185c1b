// `virnucpro devices`: the registry as a table.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using Variables = std::map<std::string, std::string>;

class Devices : public CliTest {
 protected:
  /// `gpus`: compute capabilities of those that the plug-in finds.
  static Variables with_gpus(const std::string& gpus, Variables more = {}) {
    more.emplace("LD_LIBRARY_PATH", VIRNUCPRO_FAKE_DRIVER);
    more.emplace("VIRNUCPRO_CUDA_PLUGIN", VIRNUCPRO_FAKE_CUDA);
    more.emplace("VIRNUCPRO_TEST_GPUS", gpus);
    return more;
  }
  /// The same where there is a driver.
  static Variables without_gpus() { return {{"VIRNUCPRO_CUDA_PLUGIN", "/no/plugin.so"}}; }

  ProgramResult predict(const std::string& output, const std::vector<std::string>& more,
                        const Variables& variables) {
    std::vector<std::string> arguments = {"predict", "in.fa",          "-o",
                                          output,    "--batch-tokens", "300"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run({.arguments = arguments, .variables = variables});
  }
  json report_of(const std::string& output) const {
    return json::parse(read(output + "/run.json"));
  }
};

TEST_F(Devices, ListsEveryDeviceAndWhyOneCannotBeUsed) {
  const ProgramResult result = run({.arguments = {"devices"}, .variables = without_gpus()});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, testing::StartsWith("device\tstatus\tdescription\tprecisions\tnote\n"));
  EXPECT_THAT(result.out,
              ContainsRegex("\ncuda\tnot usable\t-\t-\t(no NVIDIA driver|the plug-in )"));
  EXPECT_THAT(result.out, testing::ContainsRegex(
                              "\ncpu\tusable\t[^\t]+ threads?\tfp16, bf16, int8, fp32\t-\n"));
  EXPECT_THAT(result.out, testing::HasSubstr("\nreference\tusable\t"));
}

TEST_F(Devices, SaysWhatEachPrecisionCosts) {
  const ProgramResult result = run({"devices"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, testing::ContainsRegex(
                              "\n\ncpu: [^\t\n]+; [0-9]+ workers? with [0-9]+ threads? on "
                              "[0-9]+ NUMA nodes?\n"
                              "precision\tcomputed_as\tmini_weights_mb\tpublished_weights_mb\n"
                              "fp16\t[^\t]+\t[0-9.]+\t5897.8\n"
                              "bf16\t[^\t]+\t[0-9.]+\t5897.8\n"
                              "int8\t[^\t]+\t[0-9.]+\t2948.9\n"
                              "fp32\t[^\t]+\t[0-9.]+\t5897.8\n$"));
}

TEST_F(Devices, ListsEachGpu) {
  const ProgramResult result = run({.arguments = {"devices"}, .variables = with_gpus("9 8")});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out,
              HasSubstr("\ncuda:0\tusable\tFake GPU, compute capability 9.0, 80.0 GB\tfp16, bf16, "
                        "int8, fp8, fp32\t-\ncuda:1\tusable\tFake GPU, compute capability 8.0, "));
  EXPECT_THAT(result.out, ContainsRegex("\ncuda:1\t[^\n]+\tfp16, bf16, int8, fp32\t-\n"));
  EXPECT_THAT(result.out, ContainsRegex("\n\ncuda:0: tensor cores of compute capability 9.0; 3 "
                                        "lanes\nprecision\t[^\n]+\nfp16\t[^\n]+\n"
                                        "bf16\t[^\n]+\nint8\t[^\n]+\nfp8\tE4M3[^\n]+\t2948.9\n"
                                        "fp32\t"));
  EXPECT_THAT(result.out, ContainsRegex("\nreference\t[^\n]+\tfp16, bf16, int8, fp8, fp32\t"));
  EXPECT_THAT(result.out, Not(HasSubstr("\ncuda\t")));
}

TEST_F(Devices, ThePluginIsTheOneOfTheVariable) {
  write("text.so", "no library");
  Variables variables = with_gpus("9");
  variables["VIRNUCPRO_CUDA_PLUGIN"] = path("text.so");
  const ProgramResult result = run({.arguments = {"devices"}, .variables = variables});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, ContainsRegex("\ncuda\tnot usable\t-\t-\t[^\n]*/text.so cannot be "
                                        "loaded: [^\n]*text.so[^\n]*LD_LIBRARY_PATH"));
}

TEST_F(Devices, ThePluginIsOneOfThisProgramAndOfItsSource) {
  const ProgramResult other =
      run({.arguments = {"devices"},
           .variables = with_gpus("9", {{"VIRNUCPRO_TEST_INTERFACE", "virnucpro-cuda-0"}})});
  EXPECT_TRUE(ends_with(other, 0));
  EXPECT_THAT(
      other.out,
      ContainsRegex("\ncuda\tnot usable\t-\t-\t[^\n]* is of another version of this program "
                    "\\('virnucpro-cuda-0', expected 'virnucpro-cuda-[0-9a-f]+'\\)\n"));
  Variables variables = with_gpus("9");
  variables["VIRNUCPRO_CUDA_PLUGIN"] = VIRNUCPRO_FAKE_DRIVER "/libcuda.so.1";
  const ProgramResult none = run({.arguments = {"devices"}, .variables = variables});
  EXPECT_TRUE(ends_with(none, 0));
  EXPECT_THAT(none.out, HasSubstr("/libcuda.so.1 is no plug-in of this program\n"));
}

TEST_F(Devices, AutoTakesAllGpusAndSaysWhyItCannot) {
  write("in.fa", fasta(open_records(60, 60)));
  const ProgramResult cpu = predict("cpu", {}, without_gpus());
  ASSERT_TRUE(ends_with(cpu, 0));
  const std::size_t reason = cpu.err.find("cuda: not used (");
  ASSERT_NE(reason, std::string::npos);
  EXPECT_EQ(cpu.err.find("cuda: not used", reason + 1), std::string::npos);
  const ProgramResult gpus = predict("gpus", {}, with_gpus("9 9"));
  ASSERT_TRUE(ends_with(gpus, 0));
  EXPECT_THAT(gpus.err, Not(HasSubstr("not used")));
  EXPECT_THAT(gpus.err, HasSubstr("device cuda:0: fake GPU cuda:0\n"));
  EXPECT_THAT(gpus.err, HasSubstr("device cuda:1: fake GPU cuda:1\n"));
  EXPECT_THAT(gpus.err,
              ContainsRegex("device cuda:1 computed [1-9][0-9]* batches, [0-9.]+ % of the tokens"));
  EXPECT_EQ(read("gpus/predictions.tsv"), read("cpu/predictions.tsv"));
  const json report = report_of("gpus");
  EXPECT_EQ(report["options"]["device"], "cuda:0,1");
  EXPECT_EQ(report["options"]["workers"], 6);
  EXPECT_EQ(report["performance"]["devices"].size(), 2u);
}

TEST_F(Devices, AutoPassesOverGpusWithoutMemory) {
  write("in.fa", fasta(open_records(20, 60)));
  const auto with_full = [](const char* count) {
    return with_gpus("9 9", {{"VIRNUCPRO_TEST_FULL_GPUS", count}});
  };
  const ProgramResult one = predict("one", {}, with_full("1"));
  ASSERT_TRUE(ends_with(one, 0));
  EXPECT_THAT(one.err, HasSubstr("cuda:0: not used (3 of 80000 MiB are free)\n"));
  EXPECT_EQ(report_of("one")["options"]["device"], "cuda:1");
  const ProgramResult none = predict("none", {}, with_full("2"));
  ASSERT_TRUE(ends_with(none, 0));
  EXPECT_EQ(report_of("none")["options"]["device"], "cpu");
  EXPECT_EQ(read("none/predictions.tsv"), read("one/predictions.tsv"));
  const ProgramResult named = predict("named", {"--device", "cuda:0"}, with_full("1"));
  EXPECT_TRUE(ends_with(named, 4));
  EXPECT_THAT(named.err, HasSubstr("3 of 80000 MiB are free"));
}

TEST_F(Devices, AreTakenByName) {
  write("in.fa", fasta(open_records(60, 60)));
  ASSERT_TRUE(ends_with(predict("one", {"--device", "cuda:2"}, with_gpus("9 9 9")), 0));
  EXPECT_EQ(report_of("one")["performance"]["devices"][0]["name"], "cuda:2");
  const ProgramResult mix = predict("mix", {"--device", "cpu,cuda:1"}, with_gpus("9 9 9"));
  ASSERT_TRUE(ends_with(mix, 0));
  EXPECT_THAT(mix.err, HasSubstr("warning: cpu,cuda:1 compute together, which are of different"));
  EXPECT_THAT(report_of("mix")["warnings"].dump(), HasSubstr("compute together"));
  EXPECT_EQ(read("mix/predictions.tsv"), read("one/predictions.tsv"));
  ASSERT_TRUE(ends_with(predict("gpus", {"--gpus", "1,2"}, with_gpus("9 9 9")), 0));
  EXPECT_EQ(report_of("gpus")["options"]["device"], "cuda:1,2");
  const ProgramResult none = predict("none", {"--device", "cuda:0,3"}, with_gpus("9 9 9"));
  EXPECT_TRUE(ends_with(none, 4));
  EXPECT_THAT(none.err, HasSubstr("there are 3 GPUs here"));
  EXPECT_FALSE(exists("none"));
}

TEST_F(Devices, AnotherNumberOfGpusGoesOnAfterALoss) {
  write("in.fa", fasta(open_records(60, 60)));
  ASSERT_TRUE(ends_with(predict("peace", {"--device", "cpu"}, without_gpus()), 0));
  const ProgramResult shared =
      predict("shared", {}, with_gpus("9 9", {{"VIRNUCPRO_TEST_GPU_LOST", "30"}}));
  ASSERT_TRUE(ends_with(shared, 0));
  EXPECT_THAT(shared.err, HasSubstr("cuda:1 is lost: "));
  EXPECT_EQ(report_of("shared")["faults"]["lost_devices"], json({"cuda:1"}));
  EXPECT_EQ(read("shared/predictions.tsv"), read("peace/predictions.tsv"));
  EXPECT_TRUE(
      ends_with(predict("out", {}, with_gpus("9", {{"VIRNUCPRO_TEST_GPU_LOST", "60"}})), 4));
  EXPECT_FALSE(exists("out/run.json"));
  ASSERT_TRUE(ends_with(predict("out", {"--device", "cuda:1,2"}, with_gpus("9 9 9")), 0));
  EXPECT_EQ(read("out/predictions.tsv"), read("peace/predictions.tsv"));
  const ProgramResult other = predict("out", {"--device", "cpu"}, without_gpus());
  EXPECT_TRUE(ends_with(other, 2));
  EXPECT_THAT(other.err, HasSubstr("device"));
}

TEST_F(Devices, GpusGiveTheMemoryThatIsAskedFor) {
  write("in.fa", fasta(open_records(60, 60)));
  const auto description = [&](const std::string& output, const Variables& more) {
    EXPECT_TRUE(ends_with(predict(output, {}, with_gpus("9", more)), 0));
    return report_of(output)["options"]["device_description"];
  };
  EXPECT_EQ(description("all", {}), "fake GPU cuda:0");
  EXPECT_EQ(description("some", {{"VIRNUCPRO_CUDA_MEMORY", "640"}}),
            "fake GPU cuda:0 with 640 MiB");
  const ProgramResult wrong = predict("no", {}, {{"VIRNUCPRO_CUDA_MEMORY", "much"}});
  EXPECT_TRUE(ends_with(wrong, 2));
  EXPECT_THAT(wrong.err, HasSubstr("VIRNUCPRO_CUDA_MEMORY: 'much' cannot be used"));
}

TEST_F(Devices, BenchMeasuresEachGpuThatIsNamed) {
  const ProgramResult result =
      run({.arguments = {"bench", "--device", "cuda:1,0", "--orfs", "4", "--seconds", "0.01",
                         "--batch-tokens", "64", "--precision", "fp16", "--shape", "mini", "--json",
                         "bench.json"},
           .variables = with_gpus("9 9")});
  ASSERT_TRUE(ends_with(result, 0));
  const json report = json::parse(read("bench.json"));
  EXPECT_EQ(report["device"], "cuda:1,0");
  const json& gpus = report["results"][0]["gpus"];
  ASSERT_EQ(gpus.size(), 2u);
  EXPECT_EQ(gpus[0]["name"], "cuda:1");
  EXPECT_EQ(gpus[1]["description"], "fake GPU cuda:0");
}

TEST_F(Devices, OneIsEnoughToStudyPrecision) {
  write("in.fa", fasta(open_records(60, 60)));
  const ProgramResult result =
      run({.arguments = {"precision", "in.fa", "--limit", "4", "--device", "cuda:1,0"},
           .variables = with_gpus("9 9")});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("device cuda:1: fake GPU cuda:1\n"));
}

}  // namespace
}  // namespace virnucpro::test
