// `virnucpro calibrate`, and calls by calibrated probabilities in `predict`, `report` and `merge`.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "cli/models_in_tree.h"
#include "cli/stored_runs.h"
#include "cli/tables.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// A run of records that are labelled by the scores they got, with some exceptions, so that there
/// is something to learn from.
class Calibrate : public StoredRunTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    write("a.fa", fasta(open_records(40, 170)));
    std::vector<TestRecord> more = open_records(3, 90);
    for (TestRecord& record : more) record.id += "_more";  // a label stands for one record
    write("b.fq", fastq(more));
    // These tests do not depend on a calibration in the embedded bundle.
    std::filesystem::copy(kMini, path("bare"));
    json card = json::parse(read("bare/bundle.json"));
    for (json& classifier : card["classifiers"]) classifier.erase("calibration");
    write("bare/bundle.json", card.dump());
    ASSERT_TRUE(ends_with(predict({"-o", "plain", "--bundle", "bare"}), 0));
    std::vector<std::pair<double, std::string>> scores;
    const auto rows = table_of(read("plain/contigs.tsv"));
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (rows[i][7] != "NA") scores.emplace_back(std::stod(rows[i][7]), rows[i][0]);
    }
    std::sort(scores.begin(), scores.end());
    std::string labels = "id\tlabel\tgroup\tsource\n";
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const std::string& id = scores[i].second;
      const bool is_virus = (i > scores.size() / 2) != (i % 7 == 3);
      labels += id + (is_virus ? "\tvirus\tphage\tg" : "\tother\tplasmid\th") +
                std::to_string(i % 8) + "\n";
    }
    write("labels.tsv", labels);
  }

  ProgramResult calibrate(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"calibrate",  "plain",    "--labels",
                                          "labels.tsv", "--bundle", "bare"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }

  /// The folder of a run with a calibrated bundle.
  void run_calibrated() const {
    ASSERT_TRUE(ends_with(calibrate({"-q", "-o", "bundle"}), 0));
    ASSERT_TRUE(ends_with(predict({"-o", "out", "--bundle", "bundle"}), 0));
  }

  /// Values of a column, in the order of the rows.
  std::vector<std::string> column(const std::string& file, const std::string& name) const {
    return test::column(table_of(read(file)), name);
  }

  json calls_of(const std::string& folder) const {
    return json::parse(read(folder + "/run.json")).value("calls", json());
  }

  std::vector<std::string> published_files(const std::string& folder) const {
    return {read(folder + "/prediction_results.txt"),
            read(folder + "/prediction_results_highestscore.csv")};
  }
};

TEST_F(Calibrate, MakesABundleThatVerifies) {
  const std::string database = read("plain/run.db");
  const ProgramResult result = calibrate({"-o", "bundle"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(read("plain/run.db"), database) << "only read";
  const auto rows = table_of(result.out);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].size(), 9U);
  EXPECT_EQ(rows[1][0], "fragments");
  EXPECT_EQ(rows[2][0], "contigs");
  EXPECT_LT(std::stod(rows[1][4]), std::stod(rows[1][3])) << "log loss";
  EXPECT_THAT(result.err, AllOf(HasSubstr("5 folds over sources"),
                                HasSubstr("bundle has a calibration for 500 bases")));
  EXPECT_TRUE(ends_with(run({"models", "verify", "bundle"}), 0));
  EXPECT_THAT(
      run({"models", "info", "bundle"}).out,
      AllOf(HasSubstr("calibration 500   platt, fitted on "), Not(HasSubstr("calibration 300"))));
  const json card = json::parse(read("bundle/bundle.json"));
  EXPECT_EQ(card["classifiers"][1]["calibration"]["method"], "platt");
  EXPECT_EQ(card["esm2"], json::parse(read("bare/bundle.json"))["esm2"]) << "the same bytes";

  ASSERT_TRUE(ends_with(calibrate({"-q", "-o", "again"}), 0));
  EXPECT_EQ(read("again/bundle.json"), read("bundle/bundle.json")) << "the same bytes";
  ASSERT_TRUE(ends_with(calibrate({"-q", "-o", "isotonic", "--method", "isotonic"}), 0));
  const json isotonic = json::parse(read("isotonic/bundle.json"));
  EXPECT_FALSE(isotonic["classifiers"][1]["calibration"]["all"]["knots"].empty());

  // Another length, of the same bundle: both are there.
  ASSERT_TRUE(
      ends_with(predict({"-o", "short", "--bundle", "bare", "--expected-length", "300"}), 0));
  ASSERT_TRUE(ends_with(run({"calibrate", "short", "--labels", "labels.tsv", "--bundle", "bundle",
                             "-o", "both", "-q"}),
                        0));
  const json both = json::parse(read("both/bundle.json"));
  EXPECT_TRUE(both["classifiers"][0].contains("calibration"));
  EXPECT_EQ(both["classifiers"][1]["calibration"], card["classifiers"][1]["calibration"]);
  EXPECT_TRUE(ends_with(run({"models", "verify", "both"}), 0));
}

TEST_F(Calibrate, RefusesWhatDoesNotFit) {
  ASSERT_TRUE(ends_with(calibrate({"-q", "-o", "bundle"}), 0));
  EXPECT_EQ(error_of({"calibrate", "plain", "--labels", "labels.tsv", "-o", "bundle"}, 2),
            "virnucpro: error: bundle: exists already; choose another folder or use --force\n");
  EXPECT_THAT(
      error_of({"calibrate", "plain", "--labels", "labels.tsv", "-o", "x", "--method", "beta"}, 2),
      HasSubstr("--method: 'beta' cannot be used; it takes platt or isotonic"));
  // The same models with the two classifiers exchanged.
  std::filesystem::copy(kMini, path("other"));
  json card = json::parse(read("other/bundle.json"));
  card["classifiers"][0]["expected_length"] = 500;
  card["classifiers"][1]["expected_length"] = 300;
  write("other/bundle.json", card.dump());
  EXPECT_THAT(
      error_of({"calibrate", "plain", "--labels", "labels.tsv", "-o", "x", "--bundle", "other"}, 2),
      AllOf(HasSubstr("plain/run.db: the run's classifier has the SHA-256 "),
            HasSubstr("Name the bundle that the run used with --bundle.")));
  write("few.tsv", "id\tlabel\nr0\tvirus\nr1\tother\n");
  EXPECT_THAT(error_of({"calibrate", "plain", "--labels", "few.tsv", "-o", "x"}, 2),
              HasSubstr("a calibration needs 20 scored chunks of each label at least"));
  EXPECT_FALSE(exists("x"));
}

TEST_F(Calibrate, ShowsProbabilitiesBesideThePublishedCalls) {
  run_calibrated();
  for (const char* file : {"predictions.tsv", "contigs.tsv"}) {
    EXPECT_THAT(column(std::string("plain/") + file, "p_calibrated"), testing::Each("NA"));
    EXPECT_EQ(column(std::string("plain/") + file, "call"),
              column(std::string("out/") + file, "call"));
  }
  EXPECT_THAT(column("out/predictions.tsv", "p_calibrated"), testing::Each(Not("NA")));
  const auto probabilities = column("out/contigs.tsv", "p_calibrated");
  const auto means = column("out/contigs.tsv", "mean_p_virus");
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    EXPECT_EQ(probabilities[i] == "NA", means[i] == "NA");
  }
  EXPECT_EQ(published_files("out"), published_files("plain"));
  EXPECT_EQ(calls_of("out"), json());
  EXPECT_THAT(json::parse(read("out/run.json"))["model"]["calibration_sha256"].get<std::string>(),
              testing::SizeIs(64));
  // The same models without a calibration are other work.
  EXPECT_THAT(error_of({"predict", "a.fa", "b.fq", "-o", "out", "--bundle", "bare"}, 2),
              HasSubstr("calibration: "));
}

TEST_F(Calibrate, ReportNeedsNoBundleAndGivesTheSameBytes) {
  ASSERT_TRUE(ends_with(calibrate({"-q", "-o", "bundle"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "out", "--bundle", "bundle", "--fdr", "0.2"}), 0));
  const std::vector<std::string> expected = tables_of("out");
  const std::string expected_run = read("out/run.json");
  EXPECT_EQ(calls_of("out")["fdr"], 0.2);
  ASSERT_TRUE(ends_with(predict({"-o", "out", "--bundle", "bundle", "--fdr", "0.2"}), 0));
  EXPECT_EQ(tables_of("out"), expected) << "gone on with";
  std::filesystem::remove_all(path("bundle"));
  const std::string database = read("out/run.db");
  ASSERT_TRUE(ends_with(run({"report", "out", "-o", "copy"}), 0));
  EXPECT_EQ(tables_of("copy"), expected);
  EXPECT_EQ(read("copy/run.json"), expected_run);
  ASSERT_TRUE(ends_with(run({"report", "out", "-o", "published", "--threshold", "0.5"}), 0));
  EXPECT_EQ(calls_of("published"), json());
  EXPECT_EQ(column("published/predictions.tsv", "call"), column("plain/predictions.tsv", "call"));
  EXPECT_EQ(read("out/run.db"), database) << "only read";
}

TEST_F(Calibrate, EveryOptionOfReportChangesSomething) {
  run_calibrated();
  const auto reported = [&](const std::string& folder, std::vector<std::string> options) {
    std::vector<std::string> arguments = {"report", "out", "-o", folder};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProgramResult result = run(arguments);
    EXPECT_TRUE(ends_with(result, 0));
    EXPECT_EQ(published_files(folder), published_files("out"));
    return result.err;
  };
  // Another prevalence moves probabilities, and calls where they follow them.
  reported("rare", {"--prevalence", "0.01"});
  EXPECT_EQ(calls_of("rare"), json({{"prevalence", 0.01}, {"prevalence_estimated", false}}));
  EXPECT_EQ(column("rare/contigs.tsv", "call"), column("out/contigs.tsv", "call"));
  const auto usual = column("out/contigs.tsv", "p_calibrated");
  const auto rare = column("rare/contigs.tsv", "p_calibrated");
  for (std::size_t i = 0; i < usual.size(); ++i) {
    if (usual[i] == "NA") continue;
    EXPECT_LT(std::stod(rare[i]), std::stod(usual[i]));
  }
  EXPECT_THAT(reported("found", {"--prevalence", "estimate"}), HasSubstr("(estimated)"));
  EXPECT_TRUE(calls_of("found")["prevalence_estimated"].get<bool>());

  for (const auto& [preset, threshold] :
       {std::pair{"conservative", 0.95}, std::pair{"relaxed", 0.25}}) {
    const std::string message = reported(preset, {std::string("--") + preset});
    EXPECT_THAT(message, HasSubstr("calls by p_calibrated: prevalence 0.5, threshold 0."));
    const json calls = calls_of(preset);
    EXPECT_EQ(calls["preset"], preset);
    EXPECT_NEAR(calls["threshold"].get<double>(), threshold, 1e-12);
    for (const char* file : {"/predictions.tsv", "/contigs.tsv"}) {
      const auto p = column(preset + std::string(file), "p_calibrated");
      const auto call = column(preset + std::string(file), "call");
      for (std::size_t i = 0; i < p.size(); ++i) {
        if (p[i] == "NA") continue;
        EXPECT_EQ(call[i] == "virus", std::stod(p[i]) >= threshold) << p[i];
      }
    }
    const auto call = column(preset + std::string("/contigs.tsv"), "call");
    EXPECT_EQ(calls["called"], std::count(call.begin(), call.end(), "virus"));
    const std::string viral = read(preset + std::string("/viral.fasta"));
    EXPECT_EQ(calls["called"], std::count(viral.begin(), viral.end(), '>'));
  }
  EXPECT_LT(calls_of("conservative")["called"], calls_of("relaxed")["called"]);

  std::int64_t last = -1;
  for (const char* fdr : {"0.1", "0.3", "0.45"}) {
    reported(fdr, {"--fdr", fdr, "--prevalence", "0.5"});
    const json calls = calls_of(fdr);
    EXPECT_FALSE(calls["prevalence_estimated"].get<bool>());
    const auto called = calls["called"].get<std::int64_t>();
    EXPECT_GE(called, last);
    EXPECT_LE(calls["expected_false_discoveries"].get<double>(),
              std::stod(fdr) * static_cast<double>(called));
    last = called;
  }
  EXPECT_GT(last, 0);
  reported("fdr", {"--fdr", "0.3"});
  EXPECT_TRUE(calls_of("fdr")["prevalence_estimated"].get<bool>());
}

TEST_F(Calibrate, OptionsOfPredictAreThoseOfReport) {
  run_calibrated();
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{"--fdr", "0.3", "--prevalence", "0.4"},
                                             {"--conservative"},
                                             {"--relaxed"},
                                             {"--prevalence", "estimate"},
                                             {}}) {
    std::vector<std::string> again = {"-o", "out", "--bundle", "bundle"};
    again.insert(again.end(), options.begin(), options.end());
    ASSERT_TRUE(ends_with(predict(again), 0));
    std::vector<std::string> report = {"report", "out", "-o", "copy", "--force", "-q"};
    report.insert(report.end(), options.begin(), options.end());
    ASSERT_TRUE(ends_with(run(report), 0));
    EXPECT_EQ(tables_of("copy"), tables_of("out"));
    EXPECT_EQ(read("copy/run.json"), read("out/run.json"));
  }
  const ProgramResult by_variable =
      run({.arguments = {"predict", "a.fa", "b.fq", "-o", "out", "--bundle", "bundle", "-q"},
           .variables = {{"VIRNUCPRO_FDR", "0.3"}, {"VIRNUCPRO_PREVALENCE", "0.2"}}});
  ASSERT_TRUE(ends_with(by_variable, 0));
  EXPECT_EQ(calls_of("out")["prevalence"], 0.2);
}

TEST_F(Calibrate, MergeGivesTheBytesOfTheWhole) {
  ASSERT_TRUE(ends_with(calibrate({"-q", "-o", "bundle"}), 0));
  const std::vector<std::string> calls = {"--bundle", "bundle", "--fdr", "0.3"};
  const auto shard = [&](const std::string& folder, const std::string& number,
                         std::vector<std::string> options) {
    options.insert(options.end(), {"-o", folder});
    if (!number.empty()) options.insert(options.end(), {"--shard", number});
    return predict(options);
  };
  ASSERT_TRUE(ends_with(shard("whole", "", calls), 0));
  ASSERT_TRUE(ends_with(shard("1of2", "1/2", calls), 0));
  ASSERT_TRUE(ends_with(shard("2of2", "2/2", calls), 0));
  const std::vector<std::string> merge = {"merge", "1of2", "2of2", "-o"};
  const auto merged = [&](const std::string& folder) {
    std::vector<std::string> arguments = merge;
    arguments.push_back(folder);
    return run(arguments);
  };
  ASSERT_TRUE(ends_with(merged("merged"), 0));
  EXPECT_EQ(tables_of("merged"), tables_of("whole"));
  EXPECT_EQ(calls_of("merged"), calls_of("whole"));
  ASSERT_TRUE(ends_with(shard("2of2", "2/2", {"--bundle", "bundle"}), 0));
  const ProgramResult mixed = merged("mixed");
  ASSERT_TRUE(ends_with(mixed, 0));
  EXPECT_THAT(mixed.err, HasSubstr("1of2 and 2of2: called in different ways"));
  EXPECT_EQ(calls_of("mixed"), json());
  ASSERT_TRUE(ends_with(shard("2of2", "2/2", {"--bundle", "bare", "--force"}), 0));
  EXPECT_THAT(error_of({"merge", "1of2", "2of2", "-o", "refused"}, 2), HasSubstr("calibration: "));
}

TEST_F(Calibrate, ABundleOfReportBringsItsCalibration) {
  ASSERT_TRUE(ends_with(calibrate({"-q", "-o", "bundle"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "kept", "--bundle", "bare", "--keep-embeddings"}), 0));
  ASSERT_TRUE(ends_with(
      run({"report", "kept", "--classifier", "bundle", "--conservative", "-o", "new"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "direct", "--bundle", "bundle", "--conservative"}), 0));
  EXPECT_EQ(tables_of("new"), tables_of("direct"));
  EXPECT_TRUE(json::parse(read("new/run.json"))["report"].contains("calibration"));
  // Other scores have no calibration.
  ASSERT_TRUE(ends_with(
      predict({"-o", "out", "--bundle", "bundle", "--keep-embeddings", "--conservative"}), 0));
  const std::string other = kMini + "/classifier_300.safetensors";
  ASSERT_TRUE(ends_with(run({"report", "out", "--classifier", other, "-o", "other"}), 0));
  EXPECT_THAT(column("other/contigs.tsv", "p_calibrated"), testing::Each("NA"));
  EXPECT_EQ(calls_of("other"), json());
  EXPECT_THAT(error_of({"report", "out", "--classifier", other, "-o", "x", "--relaxed"}, 2),
              HasSubstr("the models have no calibration"));
}

TEST_F(Calibrate, ABundleNamesItsRuleOfCalls) {
  const ProgramResult made =
      calibrate({"-o", "bundle", "--false-positives", "0.2", "--except", "absent"});
  EXPECT_TRUE(ends_with(made, 2));
  EXPECT_THAT(made.err, HasSubstr("--except: 'absent' is no group of others"));
  EXPECT_THAT(error_of({"calibrate", "plain", "--labels", "labels.tsv", "--bundle", "bare", "-o",
                        "x", "--except", "plasmid"},
                       2),
              HasSubstr("--except names groups that --false-positives leaves out"));
  const ProgramResult named = calibrate({"-o", "bundle", "--false-positives", "0.2"});
  ASSERT_TRUE(ends_with(named, 0));
  EXPECT_THAT(named.err, HasSubstr("the bundle calls viral from p_calibrated "));
  const json calls =
      json::parse(read("bundle/bundle.json"))["classifiers"][1]["calibration"]["calls"];
  EXPECT_EQ(calls["false_positives"], 0.2);
  EXPECT_THAT(run({"models", "info", "bundle"}).out, HasSubstr("at most 0.2 false positives"));

  const auto viral_others = [&](const std::string& folder) {
    std::map<std::string, std::string> labels;
    for (const auto& row : table_of(read("labels.tsv"))) labels[row[0]] = row[1];
    const auto ids = column(folder + "/contigs.tsv", "id");
    const auto called = column(folder + "/contigs.tsv", "call");
    double wrong = 0.0;
    double others = 0.0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (labels[ids[i]] != "other") continue;
      others += 1.0;
      wrong += called[i] == "virus" ? 1.0 : 0.0;
    }
    return wrong / others;
  };
  const std::vector<std::string> predicted = {"predict", "a.fa",     "b.fq",   "-t",
                                              "1",       "--bundle", "bundle", "-o"};
  const auto predict_into = [&](std::vector<std::string> more) {
    more.insert(more.begin(), predicted.begin(), predicted.end());
    return run(more);
  };
  const ProgramResult own = predict_into({"own"});
  ASSERT_TRUE(ends_with(own, 0));
  EXPECT_LE(viral_others("own"), 0.2);
  EXPECT_EQ(calls_of("own")["rule"], "bundle");
  // So few made-up records leave open how many are viruses.
  EXPECT_THAT(own.err, AllOf(HasSubstr("the rule of the bundle"),
                             HasSubstr("records called viral are wrong is not known")));
  ASSERT_TRUE(ends_with(predict_into({"published", "--calls", "published"}), 0));
  EXPECT_EQ(calls_of("published"), json());
  EXPECT_EQ(column("published/contigs.tsv", "call"), column("plain/contigs.tsv", "call"));
  EXPECT_NE(column("own/contigs.tsv", "call"), column("plain/contigs.tsv", "call"));
  EXPECT_EQ(published_files("own"), published_files("plain"));

  // A stored run keeps its rule; others are a matter of options.
  ASSERT_TRUE(ends_with(run({"report", "own", "-o", "again", "-q"}), 0));
  EXPECT_EQ(tables_of("again"), tables_of("own"));
  ASSERT_TRUE(ends_with(run({"report", "own", "-o", "other", "-q", "--calls", "published"}), 0));
  EXPECT_EQ(tables_of("other"), tables_of("published"));
  ASSERT_TRUE(ends_with(run({"report", "own", "-o", "half", "-q", "--threshold", "0.5"}), 0));
  EXPECT_EQ(tables_of("half"), tables_of("published"));
  ASSERT_TRUE(ends_with(run({"report", "published", "-o", "kept", "-q"}), 0));
  EXPECT_EQ(tables_of("kept"), tables_of("published"));
  ASSERT_TRUE(
      ends_with(run({"report", "published", "-o", "bundles", "-q", "--calls", "bundle"}), 0));
  EXPECT_EQ(tables_of("bundles"), tables_of("own"));
  EXPECT_THAT(error_of({"report", "own", "-o", "x", "--calls", "published", "--relaxed"}, 2),
              HasSubstr("--calls names the rule, as --fdr, --conservative and --relaxed do"));
}

TEST_F(Calibrate, RunsGetProbabilitiesOfTheirOwn) {
  std::mt19937 random(3);
  std::string text;
  std::string labels = "id\tlabel\tgroup\tsource\n";
  for (int i = 0; i < 400; ++i) {
    std::string bases;
    for (int k = 0; k < 500; ++k) bases += "ACGT"[random() % 4];
    text += ">n" + std::to_string(i) + "\n" + bases + "\n";
    labels += "n" + std::to_string(i) + (i % 2 == 0 ? "\tvirus\tphage\tg" : "\tother\tplasmid\th") +
              std::to_string(i % 16) + "\n";
  }
  for (const TestRecord& record : open_records(90, 166)) {
    text += ">" + record.id + "\n" + record.bases + "\n";
    const bool is_virus = random() % 2 == 0;
    labels += record.id + (is_virus ? "\tvirus\tphage\tg" : "\tother\tplasmid\th") +
              std::to_string(random() % 16) + "\n";
  }
  write("runs.fa", text);
  write("labels.tsv", labels);
  const auto predict_runs = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"predict", "runs.fa", "--frames", "longest", "-q", "-t", "1"});
    return run(more);
  };
  ASSERT_TRUE(ends_with(predict_runs({"--bundle", "bare", "-o", "raw"}), 0));
  ASSERT_TRUE(ends_with(
      run({"calibrate", "raw", "--labels", "labels.tsv", "--bundle", "bare", "-o", "bundle", "-q"}),
      0));
  const json calibration = json::parse(read("bundle/bundle.json"))["classifiers"][1]["calibration"];
  ASSERT_TRUE(calibration.contains("runs"));
  EXPECT_EQ(calibration["runs"]["unit"], 500);
  ASSERT_TRUE(ends_with(predict_runs({"--bundle", "bundle", "-o", "out"}), 0));
  const json& map = calibration["runs"]["length_classes"][2].contains("map")
                        ? calibration["runs"]["length_classes"][2]["map"]
                        : calibration["runs"]["all"];
  const auto column_of = [&](const char* name) { return column("out/predictions.tsv", name); };
  std::size_t compared = 0;
  for (std::size_t i = 0; i < column_of("id").size() && compared < 40; ++i) {
    if (column_of("read")[i] != "run") continue;
    const double read_bases = std::stod(column_of("end")[i]) - std::stod(column_of("start")[i]);
    const double score = std::stod(column_of("p_virus")[i]);
    const double l = std::log(read_bases / 500.0);
    const double slope =
        std::max(0.0, map["score"].get<double>() + map["score_by_length"].get<double>() * l);
    const double log_odds =
        map["intercept"].get<double>() + slope * std::log(score / (1.0 - score)) +
        map["length"].get<double>() * l + map["share"].get<double>() * read_bases / 500.0;
    EXPECT_NEAR(std::stod(column_of("p_calibrated")[i]), 1.0 / (1.0 + std::exp(-log_odds)), 2e-4);
    ++compared;
  }
  EXPECT_EQ(compared, 40U);
}

TEST_F(Calibrate, EvaluateJudgesTheProbabilities) {
  run_calibrated();
  const std::vector<std::string> evaluate = {"evaluate",   "out",         "--labels",
                                             "labels.tsv", "--resamples", "0"};
  std::vector<std::string> with_files = evaluate;
  with_files.insert(with_files.end(), {"-o", "judged"});
  const ProgramResult result = run(with_files);
  ASSERT_TRUE(ends_with(result, 0));
  const json report = json::parse(read("judged/evaluation.json"));
  for (const std::string level : {"fragments", "contigs"}) {
    const json& before = report.at(level);
    const json& after = report.at(level + " calibrated");
    EXPECT_EQ(after["all"]["viruses"], before["all"]["viruses"]);
    EXPECT_EQ(after["unscored"], before["unscored"]);
    for (const char* metric : {"auroc", "brier_score", "expected_calibration_error", "log_loss"}) {
      EXPECT_TRUE(after["all"]["metrics"][metric]["value"].is_number()) << metric;
    }
    EXPECT_NE(after["all"]["metrics"]["log_loss"], before["all"]["metrics"]["log_loss"]);
    EXPECT_THAT(result.out, HasSubstr("\n" + level + " calibrated\tall\t"));
    EXPECT_THAT(read("judged/calibration.tsv"), HasSubstr("\n" + level + " calibrated\t0.0\t"));
    EXPECT_THAT(read("judged/calibration.svg"), HasSubstr(">" + level + " calibrated, ECE "));
  }
  // A map that rises keeps the order of fragments.
  EXPECT_EQ(report["fragments"]["all"]["metrics"]["auroc"],
            report["fragments calibrated"]["all"]["metrics"]["auroc"]);
  EXPECT_THAT(run({"evaluate", "plain", "--labels", "labels.tsv", "--resamples", "0"}).out,
              Not(HasSubstr("calibrated")));
}

TEST_F(Calibrate, CallsNeedACalibrationAndOneRule) {
  for (const std::vector<std::string>& options : std::vector<std::vector<std::string>>{
           {"--fdr", "0.05"}, {"--prevalence", "0.1"}, {"--conservative"}, {"--relaxed"}}) {
    std::vector<std::string> predict = {"predict", "a.fa", "-o", "new", "--bundle", "bare"};
    predict.insert(predict.end(), options.begin(), options.end());
    std::vector<std::string> report = {"report", "plain", "-o", "new"};
    report.insert(report.end(), options.begin(), options.end());
    for (const auto& arguments : {predict, report}) {
      EXPECT_THAT(error_of(arguments, 2),
                  AllOf(HasSubstr("the models have no calibration"),
                        HasSubstr("virnucpro calibrate DIR --labels FILE -o BUNDLE_DIR")));
    }
  }
  EXPECT_FALSE(exists("new"));
  for (const char* command : {"predict", "report"}) {
    EXPECT_THAT(error_of({command, "plain", "--conservative", "--relaxed"}, 2),
                HasSubstr("--fdr, --conservative and --relaxed exclude each other"));
    EXPECT_THAT(error_of({command, "plain", "--fdr", "1"}, 2),
                HasSubstr("--fdr: '1' cannot be used; it takes a number above 0 and below 1"));
    EXPECT_THAT(error_of({command, "plain", "--prevalence", "often"}, 2),
                HasSubstr("--prevalence: 'often' cannot be used; it takes a number above 0 and "
                          "below 1, or estimate"));
  }
  EXPECT_THAT(error_of({"report", "plain", "--threshold", "0.5", "--fdr", "0.1"}, 2),
              HasSubstr("--threshold calls by the score"));
}

}  // namespace
}  // namespace virnucpro::test
