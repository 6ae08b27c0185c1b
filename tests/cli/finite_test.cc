// Models that give NaN: the message of each command, and its count of what it leaves out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/models_in_tree.h"
#include "cli/program_runner.h"
#include "cli/tables.h"
#include "cli/test_inputs.h"
#include "support/planted_weights.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

class Finite : public CliTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    testing_support::plant_classifier(kPipelineParts + "classifier.pth", path("nan.safetensors"),
                                      "output_layer.bias", 1, kNan);
    write("one.fa", fasta(open_records(1, 30)));
    write("many.fa", fasta(open_records(12, 160)));
  }

  ProgramResult run_with(std::vector<std::string> arguments, const std::string& dnabert,
                         const std::string& classifier) const {
    arguments.insert(arguments.end(), {"--dnabert", dnabert, "--esm2", kPipelineParts + "esm2.pt"});
    if (!classifier.empty()) arguments.insert(arguments.end(), {"--classifier", classifier});
    return run(std::move(arguments));
  }
  ProgramResult run_with_nan_classifier(std::vector<std::string> arguments) const {
    return run_with(std::move(arguments), kPipelineParts + "dnabert_s", path("nan.safetensors"));
  }
  /// A DNABERT-S one token of which is NaN, or all.
  std::string nan_encoder(const std::string& tensor, std::int64_t row) const {
    testing_support::plant_dnabert_s(kPipelineParts + "dnabert_s", path("nan_encoder"), tensor, row,
                                     kNan);
    return path("nan_encoder");
  }
};

TEST_F(Finite, ClassifierThatGivesNothingFiniteEndsEveryRunWith5) {
  for (const std::string input : {"one", "many"}) {
    for (int again = 0; again < 2; ++again) {
      const ProgramResult result =
          run_with_nan_classifier({"predict", input + ".fa", "-o", "out_" + input});
      EXPECT_TRUE(ends_with(result, 5)) << input;
      EXPECT_THAT(result.err, HasSubstr("the classifier gives NaN or infinity"));
      EXPECT_THAT(result.err, HasSubstr("'virnucpro models verify'"));
      EXPECT_FALSE(exists("out_" + input + "/predictions.tsv"));
    }
  }
}

TEST_F(Finite, EncoderThatGivesNothingFiniteEndsEveryRunWith5) {
  const std::string encoder = nan_encoder("embeddings.LayerNorm.bias", 0);
  for (const std::string input : {"one.fa", "many.fa"}) {
    const ProgramResult predicted = run_with({"predict", input, "-o", "out" + input}, encoder,
                                             kPipelineParts + "classifier.pth");
    EXPECT_TRUE(ends_with(predicted, 5)) << input;
    EXPECT_THAT(predicted.err, HasSubstr("DNABERT-S g"));
    const ProgramResult embedded = run_with({"embed", input, "-o", "f.h5"}, encoder, "");
    EXPECT_TRUE(ends_with(embedded, 5)) << input;
    EXPECT_FALSE(exists("f.h5"));
  }
}

TEST_F(Finite, FailuresAreTheSameNumberEverywhere) {
  const std::string encoder = nan_encoder("embeddings.word_embeddings.weight", 20);
  const ProgramResult result =
      run_with({"predict", "many.fa", "-o", "out"}, encoder, kPipelineParts + "classifier.pth");
  ASSERT_TRUE(ends_with(result, 0));
  const json report = json::parse(read("out/run.json"));
  const auto failed = report.at("counts").at("failed_frames").get<std::uint64_t>();
  ASSERT_GT(failed, 0u);
  EXPECT_GT(report.at("counts").at("frames"), 0);
  EXPECT_EQ(report.at("faults").at("failed_frames"), failed);
  ASSERT_EQ(report.at("sessions").size(), 1u);
  EXPECT_EQ(report.at("sessions").at(0).at("faults"), report.at("faults"));
  EXPECT_THAT(result.err, HasSubstr(" repeated, " + std::to_string(failed) + " failed) in "));
  const std::string chunks =
      std::to_string(report.at("counts").at("chunks").at("failed").get<int>());
  EXPECT_THAT(result.err, HasSubstr(" too short, " + chunks + " failed), "));

  const ProgramResult embedded = run_with({"embed", "many.fa", "-o", "f.h5"}, encoder, "");
  ASSERT_TRUE(ends_with(embedded, 0));
  EXPECT_THAT(embedded.err, HasSubstr(" frames could not be computed and are left out"));
  EXPECT_THAT(embedded.err, HasSubstr(" failed) in "));
}

TEST_F(Finite, AnotherClassifierThatGivesNanIsRefusedByReportAndPrecision) {
  ASSERT_TRUE(ends_with(run_with({"predict", "one.fa", "-o", "out", "--keep-embeddings"},
                                 kPipelineParts + "dnabert_s", kPipelineParts + "classifier.pth"),
                        0));
  const ProgramResult reported =
      run({"report", "out", "--classifier", "nan.safetensors", "-o", "new"});
  EXPECT_TRUE(ends_with(reported, 5));
  EXPECT_THAT(reported.err, HasSubstr("the classifier gives nan as a probability of ORF 0"));
  EXPECT_FALSE(exists("new/predictions.tsv"));

  const ProgramResult studied = run_with_nan_classifier({"precision", "one.fa", "-o", "study"});
  EXPECT_TRUE(ends_with(studied, 5));
  EXPECT_THAT(studied.err, HasSubstr("the classifier gives NaN or infinity for "));
  EXPECT_THAT(column(table_of(read("study/sequences.tsv")), "p_virus"), testing::Each("NA"));
  EXPECT_GT(
      json::parse(read("study/precision.json")).at("precisions").at(0).at("scores").at("nonfinite"),
      0);
}

}  // namespace
}  // namespace virnucpro::test
