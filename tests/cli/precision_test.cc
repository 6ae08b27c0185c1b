// `virnucpro precision`: the tables, the files and the exit codes of the real program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
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

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string kExamples = VIRNUCPRO_SOURCE_DIR "/examples/";

class Precision : public CliTest {
 protected:
  /// Own parts whose DNABERT-S holds a weight that is, unless told otherwise, infinite in float16.
  std::vector<std::string> planted(const std::string& tensor, std::int64_t row = 0,
                                   float value = testing_support::kBeyondHalf) const {
    testing_support::plant_dnabert_s(kPipelineParts + "dnabert_s", path("planted"), tensor, row,
                                     value);
    return {"--dnabert",    path("planted"),
            "--esm2",       kPipelineParts + "esm2.pt",
            "--classifier", kPipelineParts + "classifier.pth"};
  }

  ProgramResult precision(std::vector<std::string> arguments,
                          const std::vector<std::string>& more = {}) const {
    arguments.insert(arguments.begin(), "precision");
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(std::move(arguments));
  }
};

TEST_F(Precision, ComparesTheFramesOfTheExamplesAndWritesNothingUnasked) {
  const ProgramResult result =
      precision({kExamples + "genomes.fa", kExamples + "reads.fq.gz", "--precision", "int8"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, StartsWith("int8 packed against fp32 padded: all 128 frames of 33 "
                                     "records\ncosines are centred: of embeddings less the mean "
                                     "FP32 embedding of 128 of these frames\n\nprecision\t"));
  EXPECT_THAT(result.out,
              testing::ContainsRegex("\nint8\t0\\.99[0-9]+\t0\\.99[0-9]+\t0\\.9[89][0-9]+\t"
                                     "0\\.99[0-9]+\t-?0\\.0[0-9]+\t[0-9]\t0\t0\\.00[0-9]+\t"
                                     "[0-9.]+\nfp32\t1\t1\t1\t1\t0\t0\tNA\tNA\t[0-9.]+\n"
                                     "recommended: "));
  EXPECT_THAT(result.out, testing::ContainsRegex("\nint8\tesm2\t128\t0\t0\t"));
  EXPECT_THAT(result.out, testing::ContainsRegex("\nint8\t128\t0\\.0[0-9]+\t"));
  EXPECT_THAT(result.out,
              testing::ContainsRegex("\nint8\tesm2\tlayer 1\t[0-9.]+\t0\\.000[0-9]+\t"));
  EXPECT_THAT(result.out, Not(HasSubstr("first_at")));
  EXPECT_THAT(result.err, HasSubstr("weights of bundles are stored as float16"));
  EXPECT_THAT(names_in(""), ElementsAre());
}

TEST_F(Precision, NamesAndScoresFramesAsPredictDoes) {
  write("a.fa", fasta(open_records(5, 230)) + ">t\\a\xff<b>\n" + open_frame(80, 9) + "\n");
  ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-o", "run", "--precision", "int8"}), 0));
  const ProgramResult result = precision({"a.fa", "-o", "study", "--precision", "int8"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(names_in("study"), ElementsAre("layers.tsv", "precision.json", "sequences.tsv"));
  const Table run_rows = table_of(read("run/predictions.tsv"));
  const Table rows = table_of(read("study/sequences.tsv"));
  ASSERT_GT(rows.size(), 10u);
  for (const char* name : {"id", "record", "chunk", "frame", "p_virus"}) {
    EXPECT_EQ(column(rows, name), column(run_rows, name)) << name;
  }
  EXPECT_EQ(column(rows, "id").back(), "t\\a\\xff<b>");
  EXPECT_THAT(result.out + read("study/layers.tsv"), Not(HasSubstr("\xff")));
  const std::vector<std::string> p_virus = column(rows, "p_virus");
  const std::vector<std::string> exact = column(rows, "p_virus_fp32");
  for (std::size_t i = 0; i < p_virus.size(); ++i) {
    const bool flips = (std::stod(p_virus[i]) > 0.5) != (std::stod(exact[i]) > 0.5);
    EXPECT_EQ(column(rows, "label_flip")[i], flips ? "yes" : "no") << p_virus[i] << exact[i];
  }

  ASSERT_TRUE(
      ends_with(run({"predict", "a.fa", "-o", "exact", "--precision", "fp32", "--no-packing"}), 0));
  EXPECT_EQ(column(rows, "p_virus_fp32"),
            column(table_of(read("exact/predictions.tsv")), "p_virus"));
}

TEST_F(Precision, SaysTheSameForAnyBatchesAndThreads) {
  write("a.fa", fasta(open_records(6, 190)));
  ASSERT_TRUE(ends_with(precision({"a.fa", "-o", "one", "--precision", "bf16"}), 0));
  ASSERT_TRUE(ends_with(precision({"a.fa", "-o", "two", "--precision", "bf16", "--batch-tokens",
                                   "200", "--threads", "1"}),
                        0));
  EXPECT_EQ(read("one/sequences.tsv"), read("two/sequences.tsv"));
  const Table one = table_of(read("one/layers.tsv"));
  const Table two = table_of(read("two/layers.tsv"));
  for (const char* name : {"layer", "largest_fp32", "largest", "nonfinite"}) {
    EXPECT_EQ(column(one, name), column(two, name)) << name;
  }
}

TEST_F(Precision, SaysWhatTheLimitLeftOut) {
  write("a.fa", fasta(open_records(4, 160)));
  ASSERT_TRUE(ends_with(precision({"a.fa", "-o", "all", "--limit", "0"}), 0));
  const std::string all = read("all/sequences.tsv");
  const std::size_t frames = table_of(all).size() - 1;
  for (const std::size_t limit : {std::size_t{1}, std::size_t{5}, frames - 1}) {
    const std::string folder = "limit" + std::to_string(limit);
    const ProgramResult result =
        precision({"a.fa", "-o", folder, "--limit", std::to_string(limit)});
    ASSERT_TRUE(ends_with(result, 0));
    EXPECT_THAT(result.out, HasSubstr("the first " + std::to_string(limit) +
                                      (limit == 1 ? " frame" : " frames") + ", up to record "));
    EXPECT_THAT(result.out, HasSubstr("; what follows was not looked at (--limit 0 takes all)\n"));
    const Table some = table_of(read(folder + "/sequences.tsv"));
    ASSERT_EQ(some.size(), limit + 1);
    // All but the cosines, which are centred on other frames.
    for (const char* name : {"id", "esm2_largest_difference", "p_virus", "label_flip"}) {
      std::vector<std::string> expected = column(table_of(all), name);
      expected.resize(limit);
      EXPECT_EQ(column(some, name), expected) << name;
    }
    EXPECT_EQ(nlohmann::json::parse(read(folder + "/precision.json"))["coverage"]["complete"],
              false);
  }
  // Just enough is all.
  const ProgramResult exact = precision({"a.fa", "--limit", std::to_string(frames)});
  EXPECT_THAT(exact.out, HasSubstr("all " + std::to_string(frames) + " frames of 4 records\n"));
}

TEST_F(Precision, AnInputWithoutFramesHasNoFigures) {
  write("stops.fa", ">s\nTAATAATAATAACTAACTAACTAACTTAGTTAGTTAG\n>empty\n");
  const ProgramResult result = precision({"stops.fa", "-o", "study"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, HasSubstr("all 0 frames of 2 records\n"));
  EXPECT_THAT(result.out, HasSubstr("\nfp16\tNA\tNA\tNA\tNA\tNA\t0\t0\t0.000000\tNA\n"));
  EXPECT_THAT(result.out, HasSubstr("\nfp16\tdnabert_s\t0\t0\t0\tNA\tNA\tNA\n"));
  EXPECT_THAT(result.out, HasSubstr("\nfp16\t0\tNA\tNA\tNA\n"));
  EXPECT_THAT(result.out, Not(HasSubstr("recommended")));
  EXPECT_EQ(table_of(read("study/sequences.tsv")).size(), 1u);
  EXPECT_EQ(table_of(read("study/layers.tsv")).size(), 1u);
  const auto json = nlohmann::json::parse(read("study/precision.json"));
  EXPECT_EQ(json["coverage"]["frames"], 0);
  EXPECT_TRUE(json["precisions"][0]["scores"]["mean_drift"].is_null());
}

TEST_F(Precision, FindsTheLayerWhereHalfPrecisionBreaks) {
  write("a.fa", fasta(open_records(3, 160)));
  const auto parts = planted("encoder.layer.1.mlp.wo.weight");
  // A run computes them again in FP32, and says so.
  const ProgramResult predicted = run(
      {"predict", "a.fa", "-o", "run", parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]});
  EXPECT_TRUE(ends_with(predicted, 0));
  EXPECT_THAT(predicted.err, testing::ContainsRegex("warning: DNABERT-S gave [0-9]+ NaN"));
  EXPECT_THAT(predicted.err, HasSubstr("VIRNUCPRO_DISABLE_FP16=1"));
  EXPECT_THAT(predicted.err, HasSubstr("'r0_chunk_1F1' was computed again in FP32, alone"));
  ASSERT_TRUE(
      ends_with(run({"predict", "a.fa", "-o", "exact", "--precision", "fp32", "--no-packing",
                     parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]}),
                0));
  EXPECT_EQ(nlohmann::json::parse(read("run/run.json"))["faults"]["recomputed_frames"], 6);
  const ProgramResult result = precision({"a.fa", "-o", "study"}, parts);
  EXPECT_TRUE(ends_with(result, 5));
  EXPECT_THAT(result.err, HasSubstr(" frames have no finite embedding in fp16; "));
  EXPECT_THAT(result.err, HasSubstr("Use another --precision with this model\n"));
  EXPECT_THAT(
      result.out,
      HasSubstr("\nfp16\tr0_chunk_1F1\tdnabert_s\tlayer 1, linear 4\tnot finite\tfinite\n"));
  const Table rows = table_of(read("study/sequences.tsv"));
  EXPECT_THAT(column(rows, "dnabert_s_first_nonfinite"), testing::Each("layer 1, linear 4"));
  EXPECT_THAT(column(rows, "dnabert_s_first_nonfinite_fp32"), testing::Each("NA"));
  EXPECT_THAT(column(rows, "dnabert_s_finite"), testing::Each("no"));
  EXPECT_THAT(column(rows, "dnabert_s_finite_fp32"), testing::Each("yes"));
  EXPECT_THAT(column(rows, "dnabert_s_centred_cosine"), testing::Each("NA"));
  EXPECT_THAT(column(rows, "esm2_finite"), testing::Each("yes"));
  EXPECT_THAT(column(rows, "p_virus"), testing::Each("NA"));
  EXPECT_THAT(column(rows, "p_virus_fp32"), testing::Each(Not("NA")));
  const Table layers = table_of(read("study/layers.tsv"));
  // Embedding, two layers, pooling of DNABERT-S.
  const std::vector<std::string> nonfinite = column(layers, "nonfinite");
  EXPECT_EQ(nonfinite[0], "0");
  EXPECT_EQ(nonfinite[1], "0");
  EXPECT_NE(nonfinite[2], "0");
  const auto json = nlohmann::json::parse(read("study/precision.json"));
  EXPECT_EQ(json["precisions"][0]["nonfinite_frames"], rows.size() - 1);
  // The same weights in bfloat16, which has the range.
  EXPECT_TRUE(ends_with(precision({"a.fa", "--precision", "bf16"}, parts), 0));
}

TEST_F(Precision, SaysWhenFp32IsNotFiniteEither) {
  write("a.fa", fasta(open_records(1, 160)));
  const ProgramResult result = precision({"a.fa"}, planted("encoder.layer.0.mlp.wo.weight", 0,
                                                           std::numeric_limits<float>::infinity()));
  EXPECT_TRUE(ends_with(result, 5));
  EXPECT_THAT(result.out, HasSubstr("\tlayer 0, linear 4\tnot finite\tnot finite\n"));
  EXPECT_THAT(result.err, HasSubstr("FP32 is not finite either: the weights themselves are to "
                                    "blame\n"));
}

TEST_F(Precision, ShowsHowFarLayersAreFromTheLimitOfHalf) {
  write("a.fa", fasta(open_records(1, 160)));
  // The bias is kept in float32: large values, none of them beyond it.
  const auto parts = planted("encoder.layer.0.mlp.wo.bias");
  const ProgramResult result = precision({"a.fa", "-o", "study"}, parts);
  EXPECT_TRUE(ends_with(result, 0));
  const Table layers = table_of(read("study/layers.tsv"));
  EXPECT_EQ(column(layers, "layer")[1], "layer 0");
  EXPECT_EQ(column(layers, "operation")[1], "linear 4");
  const double share = std::stod(column(layers, "share_of_fp16_limit")[1]);
  EXPECT_NEAR(share, testing_support::kBeyondHalf / 65504.0, 0.01);
}

TEST_F(Precision, RefusesToCompareFp32WithItself) {
  write("a.fa", fasta(open_records(1, 60)));
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, std::vector<std::string>{"--no-packing"}}) {
    ProgramCall call{.arguments = {"precision", "a.fa", "-o", "study"},
                     .variables = {{"VIRNUCPRO_DISABLE_FP16", "1"}}};
    call.arguments.insert(call.arguments.end(), more.begin(), more.end());
    const ProgramResult by_variable = run(call);
    EXPECT_TRUE(ends_with(by_variable, 5));
    EXPECT_EQ(by_variable.err,
              "virnucpro: error: precision compares other precisions with FP32, and "
              "VIRNUCPRO_DISABLE_FP16 is set, which means FP32 for both: nothing could be learned. "
              "Unset it for this command.\n");
    EXPECT_EQ(by_variable.out, "");
    const ProgramResult by_flag = precision({"a.fa", "--precision", "fp32"}, more);
    EXPECT_TRUE(ends_with(by_flag, 5));
    EXPECT_THAT(by_flag.err, HasSubstr("--precision fp32 asks for FP32 for both: nothing could be "
                                       "learned. Name others.\n"));
  }
  EXPECT_FALSE(exists("study"));
}

TEST_F(Precision, ComparesSeveralInOneRun) {
  write("a.fa", fasta(open_records(4, 160)));
  const ProgramResult result =
      precision({"a.fa", "-o", "study", "--precision", "int8,fp16,bf16", "--limit", "0"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, StartsWith("int8, fp16, bf16 packed against fp32 padded: all "));
  const Table rows = table_of(read("study/sequences.tsv"));
  ASSERT_EQ((rows.size() - 1) % 3, 0u);
  EXPECT_EQ(column(rows, "precision")[0], "int8");
  EXPECT_EQ(column(rows, "precision")[1], "fp16");
  EXPECT_EQ(column(rows, "id")[0], column(rows, "id")[2]);
  const auto json = nlohmann::json::parse(read("study/precision.json"));
  ASSERT_EQ(json["precisions"].size(), 3u);
  for (const char* encoder : {"dnabert_s", "esm2"}) {
    const auto worst = [&](std::size_t i) -> double {
      return json["precisions"][i]["encoders"][encoder]["centred_cosine_worst"];
    };
    EXPECT_GE(worst(1), 0.9999);  // what is demanded of each (docs/explanation/numerics.md)
    EXPECT_GE(worst(2), 0.995);
    EXPECT_GE(worst(0), 0.98);
  }
  const ProgramResult wrong = precision({"a.fa", "--precision", "fp16,fp17"});
  EXPECT_TRUE(ends_with(wrong, 2));
  EXPECT_THAT(wrong.err, HasSubstr("fp17"));
  EXPECT_TRUE(ends_with(precision({"a.fa", "--precision", "fp16,fp16"}), 2));
}

TEST_F(Precision, AFrameAloneIsCentredOnStoredOnes) {
  write("a.fa", fasta(open_records(1, 160)));
  const ProgramResult result = precision({"a.fa", "--limit", "1", "-o", "study"});
  EXPECT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.out, HasSubstr("the mean FP32 embedding of 32 stored frames, since the input "
                                    "has too few\n"));
  const double cosine =
      std::stod(column(table_of(read("study/sequences.tsv")), "esm2_centred_cosine").front());
  EXPECT_GT(cosine, 0.9999);
  EXPECT_LE(cosine, 1.0);
}

TEST_F(Precision, WritesItsFiguresIntoTheCardOfABundleWhoseRunsShowThem) {
  write("a.fa", fasta(open_records(20, 160)));
  write("b.fa", fasta(open_records(1, 60)));
  const ProgramResult unknown = run({"predict", "b.fa", "-o", "before"});
  const ProgramResult saved = precision({"a.fa", "--precision", "fp16,int8", "--save-bundle",
                                         "measured", "--expected-length", "500"});
  EXPECT_TRUE(ends_with(saved, 0));
  const auto card = nlohmann::json::parse(read("measured/bundle.json"));
  ASSERT_EQ(card["accuracy"].size(), 2u);
  EXPECT_EQ(card["accuracy"][0]["precision"], "fp16");
  EXPECT_EQ(card["accuracy"][1]["precision"], "int8");
  EXPECT_EQ(card["accuracy"][1]["expected_length"], 500);
  EXPECT_LT(card["accuracy"][1]["esm2_centred_cosine"], card["accuracy"][0]["esm2_centred_cosine"]);
  EXPECT_TRUE(ends_with(run({"models", "verify", path("measured")}), 0));
  const ProgramResult shown = run({"predict", "b.fa", "-o", "after", "--bundle", path("measured")});
  EXPECT_TRUE(ends_with(shown, 0));
  EXPECT_THAT(shown.err, HasSubstr("precision fp16, packed batches; measured with this bundle: "
                                   "centred cosines to FP32 of at least "));
  // Another length was not measured.
  EXPECT_THAT(run({"predict", "b.fa", "-o", "other", "--bundle", path("measured"),
                   "--expected-length", "300"})
                  .err,
              HasSubstr("how exact it is with these models is unknown"));
  EXPECT_TRUE(ends_with(precision({"a.fa", "--save-bundle", "measured"}), 2));
  EXPECT_TRUE(ends_with(precision({"a.fa", "--save-bundle", "measured", "--force"}), 0));
  EXPECT_TRUE(ends_with(
      precision({"a.fa", "--save-bundle", "own"}, planted("encoder.layer.0.mlp.wo.bias")), 2));
  EXPECT_FALSE(exists("own"));
}

TEST_F(Precision, KeepsAnEarlierReportUnlessForced) {
  write("a.fa", fasta(open_records(2, 100)));
  std::filesystem::create_directory(path("study"));
  write("study/layers.tsv", "precious");
  const ProgramResult refused = precision({"a.fa", "-o", "study"});
  EXPECT_TRUE(ends_with(refused, 2));
  EXPECT_THAT(refused.err, HasSubstr("study: holds an earlier report (layers.tsv). Name another "
                                     "folder with -o, or pass --force to replace it.\n"));
  EXPECT_EQ(read("study/layers.tsv"), "precious");
  EXPECT_TRUE(ends_with(precision({"a.fa", "-o", "study", "--force"}), 0));
  EXPECT_THAT(read("study/layers.tsv"), StartsWith("precision\tencoder\tlayer\t"));
  write("file", "precious");
  const ProgramResult file = precision({"a.fa", "-o", "file"});
  EXPECT_TRUE(ends_with(file, 2));
  EXPECT_THAT(file.err, HasSubstr("file: expected a folder for the report, found a file."));
}

TEST_F(Precision, AFullDiskIsAnErrorAndLeavesNoFile) {
  write("a.fa", fasta(open_records(6, 300)));
  const ProgramResult result =
      run(ProgramCall{.arguments = {"precision", "a.fa", "-o", "study"}, .file_blocks = 1});
  EXPECT_TRUE(ends_with(result, 74));
  EXPECT_THAT(names_in("study"), ElementsAre());
}

TEST_F(Precision, StopsAtASignalWithoutAReport) {
  write("a.fa", fasta(open_records(3000, 160)));
  const ProgramResult result =
      run({.arguments = {"precision", "a.fa", "-o", "study", "--limit", "0"},
           .while_running = [this](int process) {
             EXPECT_TRUE(wait_for_message("] models mini "));
             ::kill(process, SIGTERM);
           }});
  EXPECT_TRUE(ends_with(result, 75));
  EXPECT_THAT(last_line(result.err),
              HasSubstr("no report was written. Run the same command again"));
  EXPECT_EQ(result.out, "");
  if (exists("study")) {
    EXPECT_THAT(names_in("study"), ElementsAre());
  }
}

TEST_F(Precision, DamagedInputIsAnErrorAndLeavesNoFile) {
  write("bad.fq", "@a\nACGT\n+\nII\n");
  EXPECT_TRUE(ends_with(precision({"bad.fq", "-o", "study"}), 2));
  EXPECT_THAT(names_in("study"), ElementsAre());
  EXPECT_TRUE(ends_with(precision({"missing.fa", "-o", "other"}), 2));
  write("a.fa", fasta(open_records(1, 60)));
  EXPECT_TRUE(ends_with(precision({"a.fa", "-o", "other", "--device", "abacus"}), 4));
  EXPECT_TRUE(ends_with(precision({"a.fa", "-o", "other", "--bundle", "absent"}), 3));
  EXPECT_FALSE(exists("other"));
}

}  // namespace
}  // namespace virnucpro::test
