// `virnucpro classify`, and the program under the name of the published container's command.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "cli/models_in_tree.h"
#include "cli/program_runner.h"
#include "cli/tables.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

constexpr const char* kFramesHeader = "Sequence_ID\tPrediction\tscore1\tscore2\n";
constexpr const char* kChunksHeader = "Modified_ID\tIs_Virus\tmax_score_0\tmax_score_1\n";

class Classify : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write("in.fa", fasta(open_records(3, 300)));
    fs::create_symlink(VIRNUCPRO_PROGRAM, path("virnucpro_cli.py"));
  }

  /// As the WDL task starts it.
  ProgramResult as_container(std::vector<std::string> arguments,
                             std::map<std::string, std::string> variables = {}) const {
    variables.try_emplace("VIRNUCPRO_PATH", "mini");
    return run({.arguments = std::move(arguments),
                .program = path("virnucpro_cli.py"),
                .variables = std::move(variables)});
  }
  std::vector<std::string> expected() const {
    EXPECT_TRUE(ends_with(run({"predict", "in.fa", "-q", "-o", "expected", "-t", "1"}), 0));
    return {read("expected/prediction_results.txt"),
            read("expected/prediction_results_highestscore.csv")};
  }
  std::vector<std::string> tables(const std::string& stem) const {
    return {read(stem + ".tsv"), read(stem + "_highestscore.csv")};
  }
};

TEST_F(Classify, WritesTheTwoTablesOfPredictAndNothingElse) {
  const ProgramResult result =
      as_container({"in.fa", "out.tsv", "--expected-length", "500", "--no-gpu"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(result.err, "");
  EXPECT_THAT(result.out, HasSubstr("frames in out.tsv, chunks in out_highestscore.csv\n"));
  EXPECT_THAT(names_in("."),
              testing::ElementsAre("in.fa", "out.tsv", "out_highestscore.csv", "virnucpro_cli.py"));
  EXPECT_EQ(tables("out"), expected());
  ASSERT_TRUE(
      ends_with(run({"classify", "in.fa", "deep/er/under.tsv", "--virnucpro-path", "mini"}), 0));
  EXPECT_EQ(tables("deep/er/under"), expected());
}

TEST_F(Classify, TakesEveryFlagOfTheTaskAndNamesThoseWithoutEffectOnce) {
  const ProgramResult result = as_container(
      {"in.fa", "out.tsv", "--expected-length", "300", "--no-gpu", "--parallel",
       "--persistent-models", "--resume", "--v1-fallback", "--v1-attention", "--batch-size", "256",
       "--esm-batch-size", "1024", "--dnabert-batch-size", "2048", "--threads", "2", "--verbose"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out,
              HasSubstr("] without effect in this program: --parallel, --persistent-models, "
                        "--batch-size, --dnabert-batch-size, --esm-batch-size, --v1-fallback, "
                        "--v1-attention, --verbose\n"));
  ASSERT_TRUE(ends_with(
      run({"predict", "in.fa", "-q", "-o", "short", "-t", "1", "--expected-length", "300"}), 0));
  EXPECT_EQ(read("out.tsv"), read("short/prediction_results.txt"));
}

TEST_F(Classify, OfAnEmptyInputGivesHeadersWithoutModels) {
  write("empty.sam", "@HD\tVN:1.6\n");
  convert_to_bam(path("empty.sam"), path("empty.bam"));
  const ProgramResult result =
      as_container({"empty.bam", "out.tsv", "--use-gpu"}, {{"VIRNUCPRO_PATH", "nowhere"}});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(read("out.tsv"), kFramesHeader);
  EXPECT_EQ(read("out_highestscore.csv"), kChunksHeader);
  EXPECT_FALSE(exists("out.virnucpro"));
}

TEST_F(Classify, TakesPairsOfABamFileApart) {
  const std::string bases = open_frame(120, 4);
  const std::string more = open_frame(120, 5);
  write("a.sam", "@HD\tVN:1.6\np\t77\t*\t0\t0\t*\t*\t0\t0\t" + bases +
                     "\t*\np\t141\t*\t0\t0\t*\t*\t0\t0\t" + more + "\t*\n");
  convert_to_bam(path("a.sam"), path("a.bam"));
  ASSERT_TRUE(ends_with(as_container({"a.bam", "out.tsv"}), 0));
  const std::vector<std::string> ids =
      column(table_of(read("out_highestscore.csv")), "Modified_ID");
  EXPECT_EQ(ids, (std::vector<std::string>{"p/1_chunk_1", "p/2_chunk_1"}));
}

TEST_F(Classify, EndsWithOneForEveryFailureUnderTheContainersName) {
  const auto fails = [&](std::vector<std::string> arguments, const std::string& text,
                         std::map<std::string, std::string> variables = {}) {
    const ProgramResult result = as_container(std::move(arguments), std::move(variables));
    EXPECT_TRUE(ends_with(result, 1));
    EXPECT_EQ(result.err, "") << "Cromwell shows standard output";
    EXPECT_THAT(result.out, HasSubstr("virnucpro: error: "));
    EXPECT_THAT(result.out, HasSubstr(text));
  };
  fails({"in.fa", "out.tsv", "--use-gpu", "--no-gpu"},
        "Cannot specify both --use-gpu and --no-gpu");
  fails({"in.fa", "out.tsv", "--use-gpu"}, "cuda");
  fails({"in.fa", "out.tsv", "--gpus", "0"}, "cuda:0");
  fails({"missing.bam", "out.tsv"}, "missing.bam");
  fails({"in.fa", "in.fa"}, "in.fa");
  fails({"in.fa", "out.tsv", "--batch-size", "many"}, "--batch-size: 'many' cannot be used");
  fails({"in.fa", "out.tsv", "--no-such-flag"}, "unknown option '--no-such-flag'");
  fails({"in.fa", "out.tsv", "--expected-length", "400"}, "--expected-length");
  fails({"in.fa", "out.tsv"}, "no folder of models", {{"VIRNUCPRO_PATH", "nowhere"}});
  EXPECT_FALSE(exists("out.tsv"));
  EXPECT_FALSE(exists("out_highestscore.csv"));
  EXPECT_FALSE(exists("out.virnucpro"));
  // What their parser refuses by itself.
  EXPECT_TRUE(ends_with(as_container({}), 2));
  EXPECT_TRUE(ends_with(as_container({"in.fa"}), 2));
  // Under its own name, the program keeps its codes.
  EXPECT_TRUE(
      ends_with(run({"classify", "in.fa", "out.tsv", "--use-gpu", "--virnucpro-path", "mini"}), 4));
}

TEST_F(Classify, PrintsVersionAndHelpAsTheContainerDoes) {
  const ProgramResult version = as_container({"--version"});
  EXPECT_TRUE(ends_with(version, 0));
  EXPECT_THAT(version.out, testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(as_container({"--version"}, {{"VIRNUCPRO_VERSION", "1.2.3-test"}}).out, "1.2.3-test\n");
  const ProgramResult help = as_container({"--help"});
  EXPECT_TRUE(ends_with(help, 0));
  for (const char* text : {"VirNucPro: Classify viral sequences", "input_bam", "output_tsv"}) {
    EXPECT_THAT(help.out, HasSubstr(text));
  }
}

TEST_F(Classify, FindsModelsInThePublishedLayoutAndInABundle) {
  fs::create_directories(path("models"));
  fs::copy(kPipelineParts + "dnabert_s", path("models/DNABERT-S"));
  fs::copy(kPipelineParts + "esm2.pt", path("models/esm2_t36_3B_UR50D.pt"));
  fs::copy(kPipelineParts + "classifier.pth", path("models/500_model.pth"));
  write("models/esm2_t36_3B_UR50D-contact-regression.pt", "not a model");
  ASSERT_TRUE(ends_with(as_container({"in.fa", "out.tsv"}, {{"VIRNUCPRO_PATH", "models"}}), 0));
  ASSERT_TRUE(ends_with(
      run({"predict", "in.fa", "-q", "-o", "parts", "--dnabert", kPipelineParts + "dnabert_s",
           "--esm2", kPipelineParts + "esm2.pt", "--classifier", kPipelineParts + "classifier.pth",
           "--expected-length", "500"}),
      0));
  EXPECT_EQ(read("out.tsv"), read("parts/prediction_results.txt"));
  // The flag wins over the variable.
  const std::string bundle = kMini;
  ASSERT_TRUE(ends_with(as_container({"in.fa", "bundle.tsv", "--virnucpro-path", bundle},
                                     {{"VIRNUCPRO_PATH", "models"}}),
                        0));
  EXPECT_EQ(tables("bundle"), expected());
  const ProgramResult other =
      as_container({"in.fa", "o.tsv", "--expected-length", "300"}, {{"VIRNUCPRO_PATH", "models"}});
  EXPECT_TRUE(ends_with(other, 1));
  EXPECT_THAT(other.out, HasSubstr("models/300_model.pth: there is no classifier for 300 bases"));
  fs::copy(kPipelineParts + "esm2.pt", path("models/esm2_other.pt"));
  EXPECT_THAT(as_container({"in.fa", "o.tsv"}, {{"VIRNUCPRO_PATH", "models"}}).out,
              HasSubstr("holds more than one ESM-2 checkpoint"));
}

TEST_F(Classify, GoesOnWithALeftOverRunBesideAnOlderOutput) {
  const std::vector<std::string> wanted = expected();
  // What a run leaves that was stopped before its tables had their names.
  ASSERT_TRUE(ends_with(
      run({"predict", "in.fa", "-q", "-t", "1", "-o", "out.virnucpro", "--expected-length", "500"}),
      0));
  write("out.tsv", "older\n");
  const ProgramResult result = as_container({"in.fa", "out.tsv", "--resume", "--threads", "1"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, HasSubstr("everything is computed"));
  EXPECT_EQ(tables("out"), wanted);
  EXPECT_FALSE(exists("out.virnucpro"));
  // Without the flag, a left-over run counts for nothing.
  ASSERT_TRUE(ends_with(
      run({"predict", "in.fa", "-q", "-t", "1", "-o", "out.virnucpro", "--expected-length", "300"}),
      0));
  EXPECT_TRUE(ends_with(as_container({"in.fa", "out.tsv", "--resume"}), 1));
  const ProgramResult anew = as_container({"in.fa", "out.tsv"});
  ASSERT_TRUE(ends_with(anew, 0));
  EXPECT_THAT(anew.out, Not(HasSubstr("everything is computed")));
  EXPECT_EQ(tables("out"), wanted);
  const ProgramResult none = as_container({"in.fa", "out.tsv", "--resume"});
  ASSERT_TRUE(ends_with(none, 0));
  EXPECT_THAT(none.out, HasSubstr("no run to go on with"));
}

class OldCommandLine : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write("in.fa", fasta(open_records(3, 300)));
  }
};

TEST_F(OldCommandLine, OfTheProgramInPythonWorksWordByWord) {
  const ProgramResult result = run({"predict",
                                    "in.fa",
                                    "-m",
                                    "300",
                                    "-o",
                                    "out",
                                    "-d",
                                    "cpu",
                                    "-b",
                                    "256",
                                    "-w",
                                    "4",
                                    "-k",
                                    "-f",
                                    "--no-progress",
                                    "--dnabert-batch-size",
                                    "2048",
                                    "--parallel",
                                    "--v1-fallback",
                                    "--esm-batch-size",
                                    "2048",
                                    "--merge-threads",
                                    "1",
                                    "--verbose",
                                    "--skip-checkpoint-validation",
                                    "--dataloader-workers",
                                    "2",
                                    "--pin-memory",
                                    "--expandable-segments",
                                    "--cache-clear-interval",
                                    "100",
                                    "--no-cuda-streams",
                                    "--persistent-models"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err,
              HasSubstr("without effect in this program: --parallel, --persistent-models, "
                        "--batch-size, --dnabert-batch-size, --esm-batch-size, --v1-fallback, "
                        "--verbose, --num-workers, --dataloader-workers, --keep-intermediate, "
                        "--skip-checkpoint-validation, --pin-memory, --expandable-segments, "
                        "--cache-clear-interval, --no-cuda-streams\n"));
  ASSERT_TRUE(
      ends_with(run({"predict", "in.fa", "--expected-length", "300", "-o", "new", "-t", "1"}), 0));
  EXPECT_EQ(read("out/predictions.tsv"), read("new/predictions.tsv"));
  ASSERT_TRUE(ends_with(run({"predict", "in.fa", "-m", "300", "-o", "out", "--force-resume"}), 0));
}

// Every line of docs/howto/migration.md in a block that starts the program, word by word.
TEST_F(OldCommandLine, OfTheDocumentWorksWordByWord) {
  fs::copy(kPipelineParts + "dnabert_s", path("DNABERT-S"));
  fs::copy(kPipelineParts + "esm2.pt", path("esm2_t36_3B_UR50D.pt"));
  for (const char* name : {"300_model.pth", "500_model.pth"}) {
    fs::copy(kPipelineParts + "classifier.pth", path(name));
  }
  std::ifstream document(VIRNUCPRO_SOURCE_DIR "/docs/howto/migration.md");
  int ran = 0;
  for (std::string line; std::getline(document, line);) {
    if (!line.starts_with("virnucpro ")) continue;
    std::istringstream words(line.substr(line.find(' ')));
    std::vector<std::string> arguments(std::istream_iterator<std::string>(words), {});
    fs::remove_all(path("out"));
    EXPECT_TRUE(ends_with(run(arguments), 0)) << line;
    ++ran;
  }
  EXPECT_EQ(ran, 3);
}

TEST_F(OldCommandLine, NamesAClassifierOfItsOwn) {
  const std::string other = kMini + "/classifier_300.safetensors";
  ASSERT_TRUE(ends_with(
      run({"predict", "in.fa", "-q", "-m", "custom", "-p", other, "-e", "300", "-o", "custom"}),
      0));
  ASSERT_TRUE(ends_with(run({"predict", "in.fa", "-q", "-m", "300", "-o", "own"}), 0));
  EXPECT_EQ(read("custom/prediction_results.txt"), read("own/prediction_results.txt"));
  ASSERT_TRUE(
      ends_with(run({"predict", "in.fa", "-q", "-m", "custom", "-p", other, "-o", "long"}), 0));
  ASSERT_TRUE(ends_with(run({"predict", "in.fa", "-q", "-m", "500", "-o", "usual"}), 0));
  EXPECT_NE(read("long/prediction_results.txt"), read("usual/prediction_results.txt"));
  EXPECT_THAT(run({"predict", "in.fa", "-m", "custom", "-o", "x"}).err,
              HasSubstr("--model-path is required when using --model-type custom"));
  EXPECT_THAT(run({"predict", "in.fa", "-m", "300", "-e", "500", "-o", "x"}).err,
              HasSubstr("name different classifiers"));
  const ProgramResult gpu = run({"predict", "in.fa", "-d", "1", "-o", "x"});
  EXPECT_TRUE(ends_with(gpu, 4));
  EXPECT_THAT(gpu.err, HasSubstr("cuda:1"));
}

}  // namespace
}  // namespace virnucpro::test
