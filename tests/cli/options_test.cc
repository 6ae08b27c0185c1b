// Every option and every variable changes something in the real program, and the help has them all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <iterator>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "cli/models_in_tree.h"
#include "cli/program_runner.h"
#include "cli/stored_runs.h"
#include "cli/test_inputs.h"
#include "config/options.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::StartsWith;
using Variables = std::map<std::string, std::string>;

class RunOptions : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    // 900 bases: two chunks of 500, three of 300.
    write("a.fa", fasta(open_records(2, 300)));
  }

  // Predicts into `out` and gives run.json.
  json report_of(std::vector<std::string> options, const Variables& variables = {}) {
    std::vector<std::string> arguments = {"predict", "a.fa", "-o", "out", "--force"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProgramResult result = run({.arguments = arguments, .variables = variables});
    EXPECT_TRUE(ends_with(result, 0));
    return result.exit_code == 0 ? json::parse(read("out/run.json")) : json();
  }

  ProgramResult predict(std::vector<std::string> options, const Variables& variables = {}) {
    std::vector<std::string> arguments = {"predict", "a.fa"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return run({.arguments = arguments, .variables = variables});
  }

  json option(const json& report, const char* name) { return report["options"][name]; }
};

TEST_F(RunOptions, OutputDir) {
  ASSERT_TRUE(ends_with(predict({}), 0));
  ASSERT_TRUE(ends_with(predict({"--output-dir", "by_flag"}), 0));
  ASSERT_TRUE(ends_with(predict({}, {{"VIRNUCPRO_OUTPUT_DIR", "by_variable"}}), 0));
  for (const char* folder : {"virnucpro_out", "by_flag", "by_variable"}) {
    EXPECT_TRUE(exists(std::string(folder) + "/run.json")) << folder;
  }
}

TEST_F(RunOptions, ExpectedLengthUnderBothNamesAndByVariable) {
  EXPECT_EQ(report_of({})["counts"]["chunks"]["total"], 4);
  EXPECT_EQ(report_of({"--expected-length", "300"})["counts"]["chunks"]["total"], 6);
  EXPECT_EQ(report_of({"--model-type", "300"})["counts"]["chunks"]["total"], 6);
  const json report = report_of({}, {{"VIRNUCPRO_EXPECTED_LENGTH", "300"}});
  EXPECT_EQ(report["counts"]["chunks"]["total"], 6);
  EXPECT_EQ(report["model"]["expected_length"], 300);
}

TEST_F(RunOptions, Precision) {
  EXPECT_EQ(option(report_of({}), "precision"), "fp16");
  EXPECT_EQ(option(report_of({"--precision", "bf16"}), "precision"), "bf16");
  EXPECT_EQ(option(report_of({}, {{"VIRNUCPRO_PRECISION", "bf16"}}), "precision"), "bf16");
  const std::string half = read("out/predictions.tsv");
  EXPECT_EQ(option(report_of({"--precision", "fp32", "--no-packing"}), "precision"), "fp32");
  EXPECT_NE(read("out/predictions.tsv"), half);
}

TEST_F(RunOptions, PrecisionInt8ChangesTheScoresAndSaysWhatItCosts) {
  report_of({});
  const std::string half = read("out/predictions.tsv");
  const json report = report_of({"--precision", "int8"});
  EXPECT_EQ(option(report, "precision"), "int8");
  EXPECT_EQ(option(report, "packed"), true);
  EXPECT_NE(read("out/predictions.tsv"), half);
  const ProgramResult result = predict({"--precision", "int8", "-o", "again"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("precision int8 rounds weights and activations to 8 bits"));
}

TEST_F(RunOptions, NoPackingByFlagAndByVariable) {
  EXPECT_EQ(option(report_of({}), "packed"), true);
  EXPECT_EQ(option(report_of({"--no-packing"}), "packed"), false);
  EXPECT_EQ(option(report_of({}, {{"VIRNUCPRO_DISABLE_PACKING", "yes"}}), "packed"), false);
}

TEST_F(RunOptions, DisableFp16FailsBeforeAnyModelIsReadAndNamesBothWaysOut) {
  // The bundle does not exist: had it been opened, the code would be 3.
  const ProgramResult result = predict({"--bundle", "nowhere"}, {{"VIRNUCPRO_DISABLE_FP16", "1"}});
  EXPECT_TRUE(ends_with(result, 5));
  EXPECT_THAT(result.err, HasSubstr("virnucpro: error: packed inference needs"));
  EXPECT_THAT(result.err, HasSubstr("unset VIRNUCPRO_DISABLE_FP16"));
  EXPECT_THAT(result.err, HasSubstr("VIRNUCPRO_DISABLE_PACKING=1 or --no-packing"));
  EXPECT_FALSE(exists("virnucpro_out"));
}

TEST_F(RunOptions, APrecisionThatTheDeviceLacksIsRefusedBeforeAWeightIsRead) {
  write("in.fa", ">a\nACGT\n");
  for (const char* command : {"predict", "precision", "bench"}) {
    std::vector<std::string> arguments = {command, "in.fa",    "--precision",
                                          "fp8",   "--device", "cpu"};
    if (std::string(command) == "predict") arguments.insert(arguments.end(), {"-o", "out"});
    // Weights that are not there are not missed.
    if (std::string(command) != "bench") {
      arguments.insert(arguments.end(), {"--bundle", "missing"});
    }
    const ProgramResult result = run(arguments);
    EXPECT_TRUE(ends_with(result, 5)) << command;
    EXPECT_THAT(result.err, testing::HasSubstr("precision fp8 needs a GPU of compute capability "
                                               "8.9 or newer (Ada, Hopper); this device (cpu: "));
    EXPECT_THAT(result.err, testing::HasSubstr("has fp16, bf16, int8, fp32"));
  }
}

TEST_F(RunOptions, DisableFp16RunsUnpackedWithOneWarningAndOverrulesTheFlag) {
  const Variables fp32 = {{"VIRNUCPRO_DISABLE_FP16", " True "}};
  EXPECT_EQ(option(report_of({"--no-packing", "--precision", "fp16"}, fp32), "precision"), "fp32");
  const ProgramResult result = predict(
      {"-o", "again"}, {{"VIRNUCPRO_DISABLE_FP16", "yes"}, {"VIRNUCPRO_DISABLE_PACKING", "1"}});
  ASSERT_TRUE(ends_with(result, 0));
  const std::size_t first = result.err.find("warning: VIRNUCPRO_DISABLE_FP16 is set");
  ASSERT_NE(first, std::string::npos);
  EXPECT_EQ(result.err.find("warning", first + 1), std::string::npos);
  EXPECT_EQ(option(report_of({}, {{"VIRNUCPRO_DISABLE_FP16", "0"}}), "precision"), "fp16");
}

TEST_F(RunOptions, Device) {
  EXPECT_EQ(option(report_of({}), "device"), "cpu");
  EXPECT_EQ(option(report_of({"--device", "reference"}), "device"), "reference");
  EXPECT_EQ(option(report_of({}, {{"VIRNUCPRO_DEVICE", "reference"}}), "device"), "reference");
}

TEST_F(RunOptions, ADeviceThatIsNotThereIsAnErrorAndNeverReplaced) {
  const ProgramResult cuda =
      predict({"--device", "cuda"}, {{"VIRNUCPRO_CUDA_PLUGIN", "/no/plugin.so"}});
  EXPECT_TRUE(ends_with(cuda, 4));
  EXPECT_THAT(cuda.err, HasSubstr("virnucpro: error: device 'cuda' cannot be used: "));
  EXPECT_THAT(cuda.err, HasSubstr(". Use one of: auto, cpu, reference.\n"));
  EXPECT_TRUE(ends_with(predict({"--device", "cuda:0,cuda"}), 4));
  EXPECT_TRUE(ends_with(predict({"--device", "toaster"}), 4));
  EXPECT_FALSE(exists("virnucpro_out"));
}

TEST_F(RunOptions, ThreadsAndBatchTokens) {
  EXPECT_EQ(option(report_of({"-t", "3"}), "threads"), 3);
  EXPECT_EQ(option(report_of({"--threads", "1"}), "threads"), 1);
  EXPECT_EQ(option(report_of({}, {{"VIRNUCPRO_THREADS", "3"}}), "threads"), 3);
  EXPECT_EQ(option(report_of({"--batch-tokens", "99"}), "batch_tokens"), 99);
  EXPECT_EQ(option(report_of({}, {{"VIRNUCPRO_BATCH_TOKENS", "98"}}), "batch_tokens"), 98);
}

TEST_F(RunOptions, BundleByFolderAndByVariable) {
  std::filesystem::copy(kMini, path("copy"));
  ASSERT_TRUE(ends_with(predict({"-o", "embedded"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "folder", "--bundle", "copy"}), 0));
  EXPECT_EQ(read("embedded/predictions.tsv"), read("folder/predictions.tsv"));
  EXPECT_TRUE(ends_with(predict({"--bundle", "nowhere"}), 3));
  EXPECT_TRUE(ends_with(predict({}, {{"VIRNUCPRO_BUNDLE", "nowhere"}}), 3));
  std::filesystem::remove(path("copy/esm2.safetensors"));
  const ProgramResult damaged = predict({"--bundle", "copy"});
  EXPECT_TRUE(ends_with(damaged, 3));
  EXPECT_THAT(damaged.err, HasSubstr("esm2.safetensors"));
}

TEST_F(RunOptions, OwnPartsInsteadOfABundle) {
  const json report =
      report_of({"--dnabert", kPipelineParts + "dnabert_s", "--esm2", kPipelineParts + "esm2.pt",
                 "--classifier", kPipelineParts + "classifier.pth"});
  EXPECT_EQ(report["model"]["bundle"], "own parts");
  const ProgramResult misfit =
      predict({"-o", "misfit", "--dnabert", kPipelineParts + "dnabert_s", "--esm2",
               kPipelineParts + "esm2.pt", "--classifier", kMini + "/classifier_500.safetensors"});
  EXPECT_TRUE(ends_with(misfit, 3));
  EXPECT_THAT(misfit.err, HasSubstr("features"));
  EXPECT_TRUE(ends_with(predict({"--esm2", "x"}), 2));
}

TEST_F(RunOptions, ConfigByFlagAndByVariable) {
  write("run.yaml", "threads: 3\nbatch_tokens: 97\n");
  EXPECT_EQ(option(report_of({"--config", "run.yaml"}), "threads"), 3);
  EXPECT_EQ(option(report_of({"--config", "run.yaml", "--threads", "1"}), "threads"), 1);
  EXPECT_EQ(option(report_of({}, {{"VIRNUCPRO_CONFIG", "run.yaml"}}), "batch_tokens"), 97);
  EXPECT_THAT(predict({"-o", "x", "--config", "run.yaml"}).err,
              HasSubstr("] setting threads = 3 (from run.yaml, line 1)\n"));
}

TEST_F(RunOptions, AnUnknownKeyOfTheConfigIsAnError) {
  write("run.yaml", "threads: 3\nthread: 4\n");
  const ProgramResult result = predict({"--config", "run.yaml"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_EQ(result.err,
            "virnucpro: error: run.yaml: line 2: unknown key 'thread'; did you mean 'threads'?\n");
}

TEST_F(RunOptions, QuietByFlagAndByVariable) {
  EXPECT_EQ(predict({"-o", "one", "--quiet"}).err, "");
  EXPECT_EQ(predict({"-o", "two"}, {{"VIRNUCPRO_QUIET", "1"}}).err, "");
  EXPECT_NE(predict({"-o", "three"}, {{"VIRNUCPRO_QUIET", "0"}}).err, "");
}

TEST_F(RunOptions, JsonLogByFlagAndByVariable) {
  for (const ProgramResult& result : {predict({"-o", "one", "--json-log"}),
                                      predict({"-o", "two"}, {{"VIRNUCPRO_JSON_LOG", "true"}}),
                                      predict({"--json-log", "--device", "cuda"})}) {
    std::size_t begin = 0;
    while (begin < result.err.size()) {
      const std::size_t end = result.err.find('\n', begin);
      const json line = json::parse(result.err.substr(begin, end - begin));
      EXPECT_TRUE(line.contains("time") && line.contains("level") && line.contains("message"));
      begin = end + 1;
    }
    EXPECT_GT(begin, 0u);
  }
}

TEST_F(RunOptions, ProgressIsShownOnATerminalUnlessSwitchedOff) {
  if (!has_terminals()) GTEST_SKIP() << "this system gives no pseudo-terminals (/dev/pts)";
  write("many.fa", fasta(open_records(4, 300)));
  const auto shown = [&](const char* folder, std::vector<std::string> options,
                         const Variables& variables = {}) {
    std::vector<std::string> arguments = {"predict",   "many.fa",        "-o", folder, "--device",
                                          "reference", "--batch-tokens", "500"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProgramResult result =
        run({.arguments = arguments, .variables = variables, .on_terminal = true});
    EXPECT_TRUE(ends_with(result, 0));
    return result.err;
  };
  const std::string progress = shown("one", {});
  EXPECT_THAT(progress, HasSubstr("\r\033[K4 records, 8 chunks, "));
  EXPECT_THAT(progress, HasSubstr(" frames/s"));
  EXPECT_THAT(progress, HasSubstr(" left, "));
  EXPECT_THAT(shown("two", {"--no-progress"}), testing::Not(HasSubstr("\033[K")));
  EXPECT_THAT(shown("three", {}, {{"VIRNUCPRO_NO_PROGRESS", "1"}}),
              testing::Not(HasSubstr("\033[K")));
  EXPECT_EQ(shown("four", {"--quiet"}), "");
}

TEST_F(RunOptions, ColoursStandOnATerminalAloneAndNotWithNoColor) {
  if (!has_terminals()) GTEST_SKIP() << "this system gives no pseudo-terminals (/dev/pts)";
  const auto error = [&](bool on_terminal, const Variables& variables) {
    return run({.arguments = {"predict", "no.fa"},
                .variables = variables,
                .on_terminal = on_terminal})
        .err;
  };
  const std::string plain = "virnucpro: error: no.fa";
  EXPECT_THAT(error(true, {{"TERM", "xterm"}}),
              StartsWith("virnucpro: \033[31merror:\033[0m no.fa"));
  EXPECT_THAT(error(true, {{"TERM", "xterm"}, {"NO_COLOR", ""}}), HasSubstr("\033[31m"));
  EXPECT_THAT(error(true, {{"TERM", "xterm"}, {"NO_COLOR", "1"}}), StartsWith(plain));
  EXPECT_THAT(error(false, {{"TERM", "xterm"}}), StartsWith(plain));
}

class Help : public CliTest {};

TEST_F(Help, OfEveryCommandHasItsOptionsAndNoOthers) {
  for (const Command command : commands()) {
    std::istringstream name{std::string(name_of(command))};
    std::vector<std::string> call(std::istream_iterator<std::string>(name), {});
    call.emplace_back("--help");
    const std::string help = run(call).out;
    std::size_t options_of_it = 1;  // --help
    for (const Option& option : options()) {
      if (!option.belongs_to(command)) continue;
      std::string head = "\n  " + option.flags();
      if (!option.value_name.empty()) head += " " + std::string(option.value_name);
      // The help of one with a long head begins on the next line.
      EXPECT_THAT(help, testing::AnyOf(HasSubstr(head + " "), HasSubstr(head + "\n")))
          << name_of(command);
      EXPECT_THAT(help, HasSubstr(" " + std::string(option.help))) << name_of(command);
      ++options_of_it;
    }
    std::size_t shown = 0;
    for (std::size_t at = 0; (at = help.find("\n  -", at)) != std::string::npos; ++at) ++shown;
    EXPECT_EQ(shown, options_of_it) << help;
  }
}

/// Options of commands that are no runs, from files and variables.
class OtherCommands : public StoredRunTest {
 protected:
  void SetUp() override {
    StoredRunTest::SetUp();
    write_inputs();
  }

  ProgramResult call(const std::vector<std::string>& arguments, const Variables& variables = {}) {
    ProgramResult result = run({.arguments = arguments, .variables = variables});
    EXPECT_TRUE(ends_with(result, 0));
    return result;
  }
};

TEST_F(OtherCommands, ReportTakesThresholdAndFolderFromFileAndVariable) {
  ASSERT_TRUE(ends_with(predict({"-o", "out"}), 0));
  call({"report", "out", "--threshold", "0.001", "-o", "by_flag"});
  write("report.yaml", "threshold: 0.001\nthreads: 2\n");
  const ProgramResult result =
      call({"report", "out", "--config", "report.yaml"}, {{"VIRNUCPRO_OUTPUT_DIR", "by_file"}});
  EXPECT_EQ(tables_of("by_file"), tables_of("by_flag"));
  EXPECT_NE(tables_of("by_file"), tables_of("out"));
  EXPECT_THAT(result.err, HasSubstr("] setting threshold = 0.001 (from report.yaml, line 1)\n"));
  EXPECT_THAT(result.err,
              HasSubstr("] setting output-dir = by_file (from VIRNUCPRO_OUTPUT_DIR)\n"));
  EXPECT_THAT(result.err, testing::Not(HasSubstr("threads"))) << "an option of other commands";
}

TEST_F(OtherCommands, MergeTakesItsFolderFromTheFileOfPredict) {
  for (const char* shard : {"1/2", "2/2"}) {
    ASSERT_TRUE(ends_with(predict({"--shard", shard, "-o", std::string("part") + shard[0]}), 0));
  }
  write("run.yaml", "output_dir: whole\nshard: 1/2\n");
  call({"merge", "part1", "part2"}, {{"VIRNUCPRO_CONFIG", "run.yaml"}});
  ASSERT_TRUE(ends_with(predict({"-o", "at_once"}), 0));
  EXPECT_EQ(tables_of("whole"), tables_of("at_once"));
}

TEST_F(OtherCommands, EvaluateTakesLabelsFromAVariable) {
  write("b.fa", fasta(open_records(4, 200)));
  ASSERT_TRUE(ends_with(run({"predict", "b.fa", "-o", "out"}), 0));
  std::string labels = "id\tlabel\n";
  for (const TestRecord& record : open_records(4, 200)) {
    labels += record.id + (labels.find("virus") == std::string::npos ? "\tvirus\n" : "\tother\n");
  }
  write("labels.tsv", labels);
  const std::string by_flag =
      call({"evaluate", "out", "--labels", "labels.tsv", "--seed", "3"}).out;
  write("judge.yaml", "seed: 3\n");
  EXPECT_EQ(
      call({"evaluate", "out", "--config", "judge.yaml"}, {{"VIRNUCPRO_LABELS", "labels.tsv"}}).out,
      by_flag);
}

TEST_F(OtherCommands, ImportTakesEverythingFromAFile) {
  // Small checkpoints that fit together.
  const std::string parts = VIRNUCPRO_TEST_DATA "/weights/";
  write("import.yaml", "dnabert: " + parts + "dnabert_s\nesm2: " + parts +
                           "hf_safetensors\nclassifier: 500=" + parts +
                           "classifier.safetensors,300=" + parts +
                           "classifier_state.pth\noutput_dir: mine\nlicense: MIT\n");
  const ProgramResult result = call({"models", "import", "--config", "import.yaml"});
  EXPECT_THAT(result.err, HasSubstr("bundle 'mine' for 300, 500 bases is in mine\n"));
  EXPECT_THAT(call({"models", "info", "mine"}).out, HasSubstr("license           MIT\n"));
}

TEST_F(OtherCommands, TheSettingsFileIsNeverWrittenOver) {
  write("labels.tsv", "id\tlabel\n");
  write("data/dataset.json", "seed: 3\n");
  const ProgramResult result = run({"dataset", "a.fa", "--labels", "labels.tsv", "-o", "data",
                                    "--config", "data/dataset.json", "--force"});
  EXPECT_TRUE(ends_with(result, 2));
  EXPECT_THAT(result.err, HasSubstr("--config"));
  EXPECT_EQ(read("data/dataset.json"), "seed: 3\n");
}

}  // namespace
}  // namespace virnucpro::test
