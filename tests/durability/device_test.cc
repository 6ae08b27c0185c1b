// Devices that run out of memory, give NaN, or are gone: the results of an undisturbed run, or a
// reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "cli/test_inputs.h"
#include "durability/durability_test.h"

namespace virnucpro::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

class Device : public DurabilityTest {
 protected:
  void SetUp() override {
    DurabilityTest::SetUp();
    write("in.fa", mixed_input(20, 4));
  }

  /// The faults that run.json counts.
  json faults_of(const std::string& folder) const {
    return json::parse(run_json(folder)).at("faults");
  }
};

/// The lines without those of a record.
std::string without(const std::string& id, const std::string& table) {
  std::istringstream lines(table);
  std::string rest;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(id) == std::string::npos) rest += line + "\n";
  }
  return rest;
}

TEST_F(Device, WithoutRoomGetsSmallerBatches) {
  const Results expected = undisturbed();
  const ProgramResult result = run(predict("out", "workers=2;room=500"));
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("no memory for a batch of "));
  EXPECT_TRUE(same_results(expected, results_in(path("out"))));
  EXPECT_GT(faults_of("out").at("out_of_memory"), 0);
  EXPECT_EQ(faults_of("out").at("failed_frames"), 0);
}

TEST_F(Device, ThatGivesNanOnceIsAskedAgain) {
  const Results expected = undisturbed();
  const ProgramResult result = run(predict("out", "nan=5"));
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("NaN"));
  EXPECT_TRUE(same_results(expected, results_in(path("out"))));
  EXPECT_EQ(faults_of("out").at("nonfinite_batches"), 1);
  EXPECT_EQ(faults_of("out").at("recomputed_frames"), 0);
  EXPECT_EQ(faults_of("out").at("failed_frames"), 0);
}

TEST_F(Device, ThatAlwaysGivesNanForASequenceFailsItsChunkOnly) {
  // 99 residues with a begin and an end: the only sequence of 101 tokens.
  write("in.fa", mixed_input(10, 4) + ">guilty\n" + open_frame(99, 17).substr(0, 297) + "\n" +
                     mixed_input(10, 5));
  const Results expected = undisturbed();
  const ProgramResult result = run(predict("out", "workers=3;poison=101"));
  ASSERT_TRUE(ends_with(result, 0));
  EXPECT_THAT(result.err, HasSubstr("chunks could not be computed; contigs.tsv has the reasons"));
  const Results found = results_in(path("out"));
  for (const char* name : {"predictions.tsv", "contigs.tsv", "prediction_results.txt",
                           "prediction_results_highestscore.csv"}) {
    EXPECT_EQ(without("guilty", expected.at(name)), without("guilty", found.at(name))) << name;
  }
  const std::string& contigs = found.at("contigs.tsv");
  const std::string row = contigs.substr(contigs.find("guilty"));
  EXPECT_THAT(row.substr(0, row.find('\n')),
              HasSubstr("\tfailed\tESM-2 gives NaN or infinity, also in FP32"));
  EXPECT_EQ(found.at("predictions.tsv").find("guilty"), std::string::npos);
  const json report = json::parse(run_json("out"));
  EXPECT_EQ(report.at("counts").at("chunks").at("failed"), 1);
  EXPECT_GT(report.at("faults").at("failed_frames"), 0);
}

TEST_F(Device, OfUnlikeSpeedShareTheWorkOfOne) {
  const Results expected = undisturbed();
  ASSERT_TRUE(ends_with(run(predict("out", "workers=3;slow=5;slow=10@1;slow=500@2")), 0));
  EXPECT_TRUE(same_results(expected, results_in(path("out"))));
  const json devices = json::parse(run_json("out")).at("performance").at("devices");
  ASSERT_EQ(devices.size(), 3U);
  EXPECT_GT(devices[0].at("batches"), devices[2].at("batches"));
}

TEST_F(Device, ThatIsLostLeavesItsBatchesToTheOthers) {
  const Results expected = undisturbed();
  for (const std::string lost : {"lost=1@20", "lost=0@1;lost=2@30"}) {
    SCOPED_TRACE(lost);
    // Without "hold" the others may have done the work before.
    ProgramCall call = predict("out", "workers=3;hold;" + lost);
    call.arguments.push_back("--force");
    const ProgramResult result = run(call);
    ASSERT_TRUE(ends_with(result, 0));
    EXPECT_THAT(result.err,
                HasSubstr(" is lost: fell off the bus, as the test wants. Its batches "));
    EXPECT_TRUE(same_results(expected, results_in(path("out"))));
    EXPECT_EQ(faults_of("out").at("lost_devices").size(), lost.size() > 10 ? 2U : 1U);
  }
}

TEST_F(Device, WhenNoneIsLeftTheRunStopsAndGoesOnElsewhere) {
  const Results expected = undisturbed();
  const std::string count = path("count");
  const ProgramResult result =
      run(predict("out", "workers=3;slow=20;lost=0@12;lost=1@15;lost=2@18;count=" + count));
  ASSERT_TRUE(ends_with(result, 4));
  EXPECT_EQ(last_line(result.err),
            "virnucpro: error: fell off the bus, as the test wants. What is finished is kept in "
            "out/run.db: run the same command again to go on");
  EXPECT_TRUE(results_in(path("out")).empty());
  const StoredState state = state_of(path("out"));
  EXPECT_EQ(state.integrity, "ok");
  EXPECT_GT(state.embedded, 0);
  EXPECT_EQ(state.embedded, counted("count"));
  ASSERT_TRUE(ends_with(run(predict("out", "count=" + count)), 0));
  EXPECT_TRUE(same_results(expected, results_in(path("out"))));
  EXPECT_EQ(counted("count"), sequences());
}

}  // namespace
}  // namespace virnucpro::test
