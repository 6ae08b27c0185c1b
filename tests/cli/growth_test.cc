// The needs and results of a run do not depend on the amount, order or repetition of its input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "cli/program_runner.h"
#include "cli/test_inputs.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class Growth : public CliTest {
 protected:
  json report_of(const std::vector<TestRecord>& records, std::vector<std::string> options = {}) {
    write("in.fa", fasta(records));
    std::vector<std::string> arguments = {"predict", "in.fa", "-o", "out", "--force"};
    arguments.insert(arguments.end(), options.begin(), options.end());
    const ProgramResult result = run(arguments);
    EXPECT_TRUE(ends_with(result, 0));
    messages_ = result.err;
    return result.exit_code == 0 ? json::parse(read("out/run.json")) : json();
  }

  /// The frames of a record with their scores, by the record's id.
  std::map<std::string, std::string> scores() const {
    std::map<std::string, std::string> scores;
    std::istringstream rows(read("out/prediction_results.txt"));
    for (std::string row; std::getline(rows, row);) {
      const std::size_t end = row.find("_chunk_");
      if (end != std::string::npos) scores[row.substr(0, end)] += row.substr(end) + "\n";
    }
    return scores;
  }

  std::string messages_;
};

TEST_F(Growth, ASequenceHasTheSameScoresInAnyOrderBatchAndNumberOfThreads) {
  std::vector<TestRecord> records = open_records(60, 100);
  for (std::size_t i = 0; i < records.size(); i += 3) records[i].bases.resize(90 + 2 * i);
  report_of(records);
  const std::map<std::string, std::string> expected = scores();
  ASSERT_EQ(expected.size(), records.size());
  std::mt19937 random(3);
  for (const char* tokens : {"1024", "16384"}) {
    for (const char* threads : {"1", "2"}) {
      std::shuffle(records.begin(), records.end(), random);
      const json report = report_of(records, {"--batch-tokens", tokens, "--threads", threads});
      EXPECT_EQ(std::to_string(report["options"]["batch_tokens"].get<int>()), tokens);
      EXPECT_EQ(scores(), expected) << tokens << ' ' << threads;
    }
  }
}

TEST_F(Growth, RepeatsAreComputedOnceAndScoredAsTheFirst) {
  const std::vector<TestRecord> records = open_records(40, 60);
  json report = report_of(records);
  const std::uint64_t frames = report["counts"]["frames"];
  const std::uint64_t tokens = report["performance"]["tokens"]["esm2"];
  EXPECT_EQ(report["counts"]["frames_embedded"], frames);
  EXPECT_EQ(report["counts"]["frames_repeated"], 0);
  EXPECT_THAT(messages_, HasSubstr(std::to_string(frames) + " frames (0 repeated) in "));
  const std::map<std::string, std::string> expected = scores();

  std::vector<TestRecord> twice;
  for (const char* copy : {"", "_again"}) {
    for (const TestRecord& record : records) twice.push_back({record.id + copy, record.bases});
  }
  report = report_of(twice);
  EXPECT_EQ(report["counts"]["frames"], 2 * frames);
  EXPECT_EQ(report["counts"]["frames_embedded"], frames);
  EXPECT_EQ(report["counts"]["frames_repeated"], frames);
  EXPECT_EQ(report["performance"]["tokens"]["esm2"], tokens);
  std::map<std::string, std::string> both;
  for (const auto& [id, rows] : expected) both[id] = both[id + "_again"] = rows;
  EXPECT_EQ(scores(), both);
}

TEST_F(Growth, TheAutomaticBatchIsReportedAndTheOptionOverridesIt) {
  const std::vector<TestRecord> records = open_records(2, 60);
  // Of a narrow model, by the lanes that compute its parts.
  json options = report_of(records, {"--threads", "2"})["options"];
  EXPECT_EQ(options["automatic_batch_tokens"], true);
  EXPECT_EQ(options["batch_tokens"], 16384);
  options = report_of(records, {"--threads", "1"})["options"];
  EXPECT_EQ(options["batch_tokens"], 8192);
  options = report_of(records, {"--batch-tokens", "99"})["options"];
  EXPECT_EQ(options["automatic_batch_tokens"], false);
  EXPECT_EQ(options["batch_tokens"], 99);
}

// Peak memory, unlike time, can be tested: it varies by 0.1 % from run to run.
TEST_F(Growth, TenTimesTheInputTakesTheSameMemory) {
#ifdef VIRNUCPRO_SANITIZED
  GTEST_SKIP() << "sanitizers keep freed memory for a while";
#endif
  const auto peak = [&](std::size_t count) {
    const json report = report_of(open_records(count, 8), {"--batch-tokens", "1024"});
    EXPECT_EQ(report["counts"]["records"]["total"], count);
    // Five windows of 512 are in flight.
    EXPECT_GT(report["counts"]["frames_embedded"], 5 * 512);
    return report["performance"]["peak_memory_bytes"].get<double>();
  };
  const double once = peak(800);
  const double tenfold = peak(8000);
  EXPECT_LE(tenfold, 1.05 * once);
}

}  // namespace
}  // namespace virnucpro::test
