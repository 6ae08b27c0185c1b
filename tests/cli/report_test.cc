// `virnucpro report`: a finished run's results again, by another threshold or classifier.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/models_in_tree.h"
#include "cli/stored_runs.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

const std::string kOwnClassifier = kMini + "/classifier_500.safetensors";
const std::string kOtherClassifier = kMini + "/classifier_300.safetensors";

class Report : public StoredRunTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write_inputs();
  }
  json run_json(const std::string& folder) const { return json::parse(read(folder + "/run.json")); }
};

TEST_F(Report, GivesTheBytesOfTheRunAgain) {
  ASSERT_TRUE(ends_with(predict({"-o", "out"}), 0));
  const std::vector<std::string> expected = tables_of("out");
  const std::string expected_run = read("out/run.json");
  const std::string database = read("out/run.db");
  const std::string page = read("out/report.html");
  EXPECT_THAT(page, HasSubstr("<title>VirNucPro report</title>"));
  ASSERT_TRUE(ends_with(run({"report", "out", "-o", "copy"}), 0));
  EXPECT_EQ(tables_of("copy"), expected);
  EXPECT_EQ(read("copy/run.json"), expected_run);
  for (const std::string& name : kTables) std::filesystem::remove(path("out/" + name));
  for (int again = 0; again < 2; ++again) {
    ASSERT_TRUE(ends_with(run({"report", "out"}), 0));
    EXPECT_EQ(tables_of("out"), expected);
    EXPECT_EQ(read("out/run.json"), expected_run);
  }
  EXPECT_EQ(read("out/run.db"), database) << "only read";
  EXPECT_EQ(names_in("copy").size(), kTables.size() + 2 + 3) << "those of MultiQC, too";
  EXPECT_EQ(read("copy/report.html"), page);
}

TEST_F(Report, WritesThePageAloneForAnOldRun) {
  ASSERT_TRUE(ends_with(predict({"-o", "out"}), 0));
  const std::string page = read("out/report.html");
  std::filesystem::remove(path("out/report.html"));
  write("out/contigs.tsv", "of an older program\n");
  const ProgramResult result = run({"report", "out", "--html"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(read("out/report.html"), page);
  EXPECT_EQ(read("out/contigs.tsv"), "of an older program\n");
  EXPECT_THAT(result.err, HasSubstr("out/report.html"));
  EXPECT_THAT(result.err, Not(HasSubstr("out/contigs.tsv")));
  ASSERT_TRUE(ends_with(run({"report", "out", "--html", "-o", "elsewhere"}), 0));
  EXPECT_THAT(names_in("elsewhere"), testing::ElementsAre("report.html"));
  EXPECT_THAT(error_of({"report", "out", "--html", "-o", "elsewhere"}, 2),
              HasSubstr("holds results already (report.html)"));
  ASSERT_TRUE(ends_with(run({"report", "out", "--html", "-o", "elsewhere", "--force"}), 0));
}

TEST_F(Report, AppliesAThreshold) {
  ASSERT_TRUE(ends_with(predict({"-o", "out", "--calls", "published"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "out", "--threshold", "0.5", "-o", "same"}), 0));
  EXPECT_EQ(tables_of("same"), tables_of("out"));
  EXPECT_FALSE(run_json("same").contains("report"));
  std::uint64_t last = ~std::uint64_t{0};
  for (const char* threshold : {"0.000001", "0.3", "0.7", "0.999999"}) {
    ASSERT_TRUE(ends_with(run({"report", "out", "--threshold", threshold, "-o", threshold}), 0));
    const json report = run_json(threshold);
    EXPECT_EQ(report["report"], json({{"threshold", std::stod(threshold)}}));
    const std::uint64_t viral = report["counts"]["viral_frames"];
    EXPECT_LE(viral, last);
    last = viral;
  }
  EXPECT_EQ(last, 0u);
  EXPECT_EQ(read("0.999999/viral.fasta"), "");
  EXPECT_THAT(read("0.999999/predictions.tsv"), Not(HasSubstr("\tvirus\t")));
  EXPECT_THAT(read("0.000001/predictions.tsv"), Not(HasSubstr("\tothers\t")));
  EXPECT_THAT(read("0.000001/prediction_results_highestscore.csv"), Not(HasSubstr("False")));
}

TEST_F(Report, ScoresKeptEmbeddingsByAnotherClassifier) {
  ASSERT_TRUE(ends_with(predict({"-o", "out", "--keep-embeddings"}), 0));
  ASSERT_TRUE(ends_with(run({"report", "out", "--classifier", kOwnClassifier, "-o", "own"}), 0));
  EXPECT_EQ(tables_of("own"), tables_of("out"));
  EXPECT_FALSE(run_json("own").contains("report")) << "it is the run's own";
  ASSERT_TRUE(ends_with(run({"report", "out", "--classifier", "mini", "-o", "bundle"}), 0));
  EXPECT_EQ(tables_of("bundle"), tables_of("out"));

  // The same bundle with the other classifier in the place of its own.
  std::filesystem::copy(kMini, path("other"));
  json card = json::parse(read("other/bundle.json"));
  card["classifiers"][0]["expected_length"] = 500;
  card["classifiers"][1]["expected_length"] = 300;
  for (json& classifier : card["classifiers"]) classifier.erase("calibration");
  write("other/bundle.json", card.dump());
  ASSERT_TRUE(
      ends_with(predict({"-o", "direct", "--bundle", "other", "--expected-length", "500"}), 0));
  ASSERT_NE(read("direct/predictions.tsv"), read("out/predictions.tsv"));
  ASSERT_TRUE(ends_with(run({"report", "out", "--classifier", kOtherClassifier, "-o", "file"}), 0));
  EXPECT_EQ(tables_of("file"), tables_of("direct"));
  EXPECT_EQ(run_json("file")["report"],
            json({{"classifier",
                   {{"name", kOtherClassifier}, {"sha256", card["classifiers"][0]["sha256"]}}}}));
  EXPECT_EQ(run_json("file")["counts"]["viral_frames"],
            run_json("direct")["counts"]["viral_frames"]);
  ASSERT_TRUE(ends_with(run({"report", "out", "--classifier", "other", "-o", "folder"}), 0));
  EXPECT_EQ(tables_of("folder"), tables_of("direct"));
  EXPECT_EQ(run_json("folder")["report"]["classifier"]["name"], "mini");
  // Nothing of this stays in the run.
  ASSERT_TRUE(ends_with(run({"report", "out", "-o", "plain"}), 0));
  EXPECT_EQ(tables_of("plain"), tables_of("out"));
}

TEST_F(Report, RefusesAClassifierThatCannotBeUsed) {
  ASSERT_TRUE(ends_with(predict({"-o", "without"}), 0));
  EXPECT_EQ(error_of({"report", "without", "--classifier", kOtherClassifier, "-q"}, 2),
            "virnucpro: error: without/run.db: the run kept no embeddings, so that --classifier "
            "has nothing to work on. Run 'virnucpro predict' with --keep-embeddings.\n");
  ASSERT_TRUE(ends_with(predict({"-o", "out", "--keep-embeddings"}), 0));
  const std::string small = VIRNUCPRO_TEST_DATA "/weights/classifier.safetensors";
  EXPECT_EQ(
      error_of({"report", "out", "--classifier", small, "-q", "-o", "new"}, 3),
      "virnucpro: error: " + small +
          ": the classifier takes 28 features, but DNABERT-S (128) and ESM-2 (128) of this run "
          "give 256. It was trained on other encoders; use one that belongs to them.\n");
  EXPECT_THAT(error_of({"report", "out", "--classifier", "nowhere.pth"}, 3),
              HasSubstr("nowhere.pth"));
  write("broken.safetensors", "no classifier");
  EXPECT_THAT(error_of({"report", "out", "--classifier", "broken.safetensors"}, 3),
              HasSubstr("broken.safetensors"));
}

TEST_F(Report, RefusesWhatIsNoFinishedRun) {
  EXPECT_EQ(error_of({"report", "nowhere"}, 2),
            "virnucpro: error: nowhere: there is no run.db in this folder. Name the output folder "
            "of a run.\n");
  write("damaged/run.db", "no database");
  EXPECT_THAT(error_of({"report", "damaged"}, 2), HasSubstr("damaged/run.db"));
}

TEST_F(Report, RefusesFoldersOfOthers) {
  ASSERT_TRUE(ends_with(predict({"-o", "out"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "other"}), 0));
  EXPECT_EQ(error_of({"report", "out", "-o", "other"}, 2),
            "virnucpro: error: other: holds another run (run.db), whose results these are not. "
            "Name another folder with -o.\n");
  EXPECT_THAT(error_of({"report", "out", "-o", "other", "--force"}, 2),
              HasSubstr("holds another run"));
  write("old/contigs.tsv", "old");
  EXPECT_EQ(error_of({"report", "out", "-o", "old"}, 2),
            "virnucpro: error: old: holds results already (contigs.tsv). Name another folder with "
            "-o, or pass --force to replace them.\n");
  EXPECT_EQ(read("old/contigs.tsv"), "old");
  ASSERT_TRUE(ends_with(run({"report", "out", "-o", "old", "--force"}), 0));
  EXPECT_EQ(tables_of("old"), tables_of("out"));
  write("file", "no folder");
  EXPECT_EQ(error_of({"report", "out", "-o", "file"}, 2),
            "virnucpro: error: file: expected a folder for the results, found a file. Name another "
            "one with -o.\n");
  EXPECT_THAT(error_of({"report", "out", "-o", "a.fa"}, 2),
              HasSubstr("a.fa: is an input of the run 'a.fa'"));
}

TEST_F(Report, ChecksItsArguments) {
  EXPECT_TRUE(ends_with(run({"report"}), 2));
  for (const char* threshold : {"0", "1", "-0.5", "nan"}) {
    EXPECT_THAT(error_of({"report", "out", "--threshold", threshold}, 2),
                HasSubstr("cannot be used; it takes a number above 0 and below 1\n"));
  }
  EXPECT_TRUE(ends_with(run({"report", "out", "--threshold", "half"}), 2));
}

}  // namespace
}  // namespace virnucpro::test
