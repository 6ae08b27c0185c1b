// `virnucpro evaluate`: figures of a finished run with records of known class.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/stored_runs.h"
#include "cli/tables.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Evaluate : public StoredRunTest {
 protected:
  void SetUp() override {
    CliTest::SetUp();
    const std::vector<TestRecord> records = open_records(12, 250);
    write("a.fa", fasta(records));
    std::string labels = "id\tlabel\tgroup\tsource\n";
    for (std::size_t i = 0; i < records.size(); ++i) {
      labels += records[i].id + (i % 2 == 0 ? "\tvirus\t" : "\tother\t") +
                (i % 2 == 0 ? (i % 4 == 0 ? "<b>phage" : "Poxviridae") : "plasmid") + "\tg" +
                std::to_string(i / 2) + "\n";
    }
    write("labels.tsv", labels);
    ASSERT_TRUE(ends_with(run({"predict", "a.fa", "-q", "-t", "1", "-o", "out"}), 0));
  }

  ProgramResult evaluate(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments = {"evaluate", "out", "--labels", "labels.tsv"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
};

TEST_F(Evaluate, PrintsATableAndWritesFilesThatAgree) {
  const std::string database = read("out/run.db");
  const ProgramResult result = evaluate({"-o", "judged"});
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_EQ(read("out/run.db"), database) << "only read";
  EXPECT_THAT(names_in("judged"),
              ElementsAre("calibration.svg", "calibration.tsv", "curves.tsv", "evaluation.json",
                          "metrics.tsv", "precision_recall.svg", "roc.svg"));
  const auto rows = table_of(result.out);
  const json report = json::parse(read("judged/evaluation.json"));
  ASSERT_GE(rows.size(), 11U);
  EXPECT_EQ(rows[0][4], "auroc");
  EXPECT_EQ(rows[1][0], "fragments");
  EXPECT_EQ(rows[2][1], "<b>phage");
  for (std::size_t i = 1; i < rows.size(); ++i) {
    ASSERT_EQ(rows[i].size(), rows[0].size()) << i;
    const json& level = report.at(rows[i][0]);
    const json& part = rows[i][1] == "all"                       ? level.at("all")
                       : level.at("groups").contains(rows[i][1]) ? level["groups"][rows[i][1]]
                                                                 : level["lengths"][rows[i][1]];
    EXPECT_EQ(std::to_string(part.at("viruses").get<int>()), rows[i][2]);
    EXPECT_NEAR(part.at("metrics").at("auroc").at("value").get<double>(), std::stod(rows[i][4]),
                5.1e-5);
  }
  const auto metrics = table_of(read("judged/metrics.tsv"));
  EXPECT_EQ(metrics.size(), 1 + 13 * (rows.size() - 1));
  const auto curves = table_of(read("judged/curves.tsv"));
  EXPECT_EQ(curves.back()[2], "1");
  EXPECT_EQ(curves.back()[3], "1");
  EXPECT_THAT(read("judged/roc.svg"), HasSubstr(">fragments, AUROC " + rows[1][4] + "</text>"));
  for (const char* chart : {"roc.svg", "precision_recall.svg", "calibration.svg"}) {
    EXPECT_THAT(read(std::string("judged/") + chart), Not(HasSubstr("nan"))) << chart;
  }
  std::uint64_t items = 0;
  for (const auto& row : table_of(read("judged/calibration.tsv"))) {
    if (row[0] == "contigs") items += std::stoull(row[3]);
  }
  EXPECT_EQ(items, report["contigs"]["all"]["viruses"].get<std::uint64_t>() +
                       report["contigs"]["all"]["others"].get<std::uint64_t>());
  EXPECT_EQ(report["results"]["run"]["expected length"], "500");
  // The calls of the run itself, by the same rules.
  const json counts = json::parse(read("out/run.json"))["counts"];
  const json& contigs = report["contigs"]["all"];
  EXPECT_EQ(contigs["true_virus"].get<int>() + contigs["false_virus"].get<int>(),
            counts["viral_records"]);
}

TEST_F(Evaluate, CountsRecordsWithoutACallAsTheLowest) {
  const json before = [&] {
    EXPECT_TRUE(ends_with(evaluate({"-o", "before", "--resamples", "0"}), 0));
    return json::parse(read("before/evaluation.json"));
  }();
  EXPECT_EQ(before["fragments all"]["all"], before["fragments"]["all"]) << "all have a call";
  // Two viruses and one other without an open frame.
  std::string stops;
  for (int i = 0; i < 20; ++i) stops += "TAATTAATTAGCTAACTAACTAA";
  std::string labels = read("labels.tsv");
  std::string text = read("a.fa");
  for (const char* line :
       {"s0\tvirus\t<b>phage\tg0", "s1\tvirus\t<b>phage\tg0", "s2\tother\tplasmid\tg1"}) {
    labels += std::string(line) + "\n";
    text += ">" + std::string(line).substr(0, 2) + "\n" + stops.substr(0, 450) + "\n";
  }
  write("a.fa", text);
  write("labels.tsv", labels);
  ASSERT_TRUE(ends_with(
      run({"predict", "a.fa", "-q", "-t", "1", "-o", "out", "--force", "--frames", "open"}), 0));
  ASSERT_TRUE(ends_with(evaluate({"-o", "after", "--resamples", "0"}), 0));
  const json after = json::parse(read("after/evaluation.json"));
  for (const std::string level : {"contigs", "contigs calibrated"}) {
    const json& scored = after.at(level)["all"];
    const json& all = after.at(level + " all")["all"];
    EXPECT_EQ(after.at(level)["unscored"]["viruses"], 2);
    EXPECT_EQ(scored["metrics"], before.at(level)["all"]["metrics"]) << level;
    EXPECT_EQ(all["viruses"], scored["viruses"].get<int>() + 2);
    EXPECT_EQ(all["others"], scored["others"].get<int>() + 1);
    // Of the pairs of a virus and an other, the new ones count 0, and with each other one half.
    const double viruses = scored["viruses"].get<double>();
    const double others = scored["others"].get<double>();
    const double pairs =
        scored["metrics"]["auroc"]["value"].get<double>() * viruses * others + viruses + 2.0 * 0.5;
    EXPECT_NEAR(all["metrics"]["auroc"]["value"].get<double>(),
                pairs / ((viruses + 2.0) * (others + 1.0)), 1e-9);
  }
  EXPECT_EQ(read("after/roc.svg").find(" all,"), std::string::npos) << "a line for each is enough";
}

TEST_F(Evaluate, EveryOptionChangesSomething) {
  const std::string plain = evaluate().out;
  EXPECT_EQ(evaluate().out, plain) << "the same seed";
  EXPECT_NE(evaluate({"--seed", "7"}).out, plain);
  EXPECT_NE(evaluate({"--threshold", "0.95"}).out, plain);
  EXPECT_NE(evaluate({"--resamples", "50"}).out, plain);
  EXPECT_THAT(evaluate({"--resamples", "0"}).out, HasSubstr("\tNA\t"));
  ASSERT_TRUE(ends_with(evaluate({"-o", "judged"}), 0));
  const ProgramResult again = evaluate({"-o", "judged"});
  ASSERT_TRUE(ends_with(again, 2));
  EXPECT_EQ(again.err,
            "virnucpro: error: judged: holds an earlier evaluation (metrics.tsv). Name another "
            "folder with -o, or pass --force to replace it.\n");
  EXPECT_TRUE(ends_with(evaluate({"-o", "judged", "--force"}), 0));
}

TEST_F(Evaluate, SaysWhatIsLeftOut) {
  std::string labels = read("labels.tsv");
  labels = labels.substr(0, labels.rfind("\n", labels.size() - 2) + 1) + "absent\tvirus\tx\ty\n";
  write("labels.tsv", labels);
  const ProgramResult result = evaluate();
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("1 record has no label and is left out, such as '"));
  EXPECT_THAT(result.err, HasSubstr("1 label is of records that the run does not have"));
  EXPECT_EQ(evaluate({"-q"}).out, result.out);
}

TEST_F(Evaluate, RefusesWhatItCannotJudge) {
  EXPECT_THAT(error_of({"evaluate", "out"}, 2), HasSubstr("--labels"));
  EXPECT_THAT(error_of({"evaluate", "out", "--labels", "none.tsv"}, 2),
              HasSubstr("none.tsv: cannot be read"));
  EXPECT_THAT(error_of({"evaluate", "nowhere", "--labels", "labels.tsv"}, 2),
              HasSubstr("there is no run.db in this folder"));
  EXPECT_THAT(error_of({"evaluate", "out", "--labels", "labels.tsv", "--threshold", "1"}, 2),
              HasSubstr("--threshold: '1' cannot be used"));
  write("one.tsv", "id\tlabel\n" + open_records(1, 250)[0].id + "\tvirus\n");
  EXPECT_THAT(error_of({"evaluate", "out", "--labels", "one.tsv"}, 2),
              HasSubstr("an evaluation needs some of both kinds"));
  write("strange.tsv", "id\tlabel\nsomebody\tvirus\n");
  EXPECT_THAT(error_of({"evaluate", "out", "--labels", "strange.tsv"}, 2),
              HasSubstr("none of its 12 records is in the table of labels"));
}

}  // namespace
}  // namespace virnucpro::test
