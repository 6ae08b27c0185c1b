// run.json of real runs of every command that writes it, against docs/reference/run.schema.json.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/stored_runs.h"
#include "support/json_schema.h"

namespace virnucpro::test {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;
using testing::IsEmpty;

Json schema() {
  std::ifstream file(std::string(VIRNUCPRO_SOURCE_DIR) + "/docs/reference/run.schema.json");
  return Json::parse(file);
}

class RunSchema : public StoredRunTest {
 protected:
  void SetUp() override {
    StoredRunTest::SetUp();
    write_inputs();
  }

  Json run_json(const std::string& folder) const { return Json::parse(read(folder + "/run.json")); }
  void expect_fits(const std::string& folder) const {
    EXPECT_THAT(schema_findings(schema(), run_json(folder)), IsEmpty()) << folder;
  }
};

TEST_F(RunSchema, HoldsForPredictAndReport) {
  ASSERT_TRUE(ends_with(predict({"-o", "usual", "--keep-embeddings"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "fdr", "--fdr", "0.1", "--frames", "open"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "code", "--genetic-code", "4", "--conservative"}), 0));
  ASSERT_TRUE(ends_with(
      run({.arguments = {"predict", "-", "-o", "stream", "-q"}, .input = read("a.fa")}), 0));
  ASSERT_TRUE(ends_with(
      run({"report", "usual", "-o", "other", "-q", "--threshold", "0.9", "--min-chunks", "2"}), 0));
  ASSERT_TRUE(ends_with(
      run({"report", "usual", "-o", "scored", "-q", "--classifier",
           std::string(VIRNUCPRO_SOURCE_DIR) + "/models/mini/classifier_300.safetensors"}),
      0));
  for (const char* folder : {"usual", "fdr", "code", "stream", "other", "scored"}) {
    expect_fits(folder);
  }
  EXPECT_TRUE(run_json("other").contains("report"));
  EXPECT_TRUE(run_json("scored")["report"].contains("classifier"));
  EXPECT_TRUE(run_json("usual")["counts"].contains("viral_regions"));
}

TEST_F(RunSchema, HoldsForShardsTheirMergeAndSamples) {
  ASSERT_TRUE(ends_with(predict({"-o", "s1", "--shard", "1/2"}), 0));
  ASSERT_TRUE(ends_with(predict({"-o", "s2", "--shard", "2/2", "--batch-tokens", "1024"}), 0));
  ASSERT_TRUE(ends_with(run({"merge", "s1", "s2", "-o", "whole", "-q"}), 0));
  write("sheet.tsv", "sample\tfile\none\ta.fa\ntwo\tb.fq\n");
  ASSERT_TRUE(ends_with(run({"predict", "--sample-sheet", "sheet.tsv", "-o", "all", "-q"}), 0));
  for (const char* folder : {"s1", "s2", "whole", "all/one", "all/two"}) expect_fits(folder);
  EXPECT_EQ(run_json("whole")["merged_from"].size(), 2u);
  EXPECT_TRUE(run_json("whole")["options"]["batch_tokens"].is_null());
}

TEST_F(RunSchema, RefusesWhatIsNoRunJson) {
  ASSERT_TRUE(ends_with(predict({"-o", "out"}), 0));
  const Json good = run_json("out");
  const auto finding = [&](const std::function<void(Json&)>& change) {
    Json json = good;
    change(json);
    const std::vector<std::string> findings = schema_findings(schema(), json);
    return findings.size() == 1 ? findings.front() : std::to_string(findings.size()) + " findings";
  };
  EXPECT_THAT(finding([](Json& json) { json.erase("faults"); }),
              HasSubstr("does not fit required"));
  EXPECT_THAT(finding([](Json& json) { json["counts"]["more"] = 1; }),
              HasSubstr("/counts: has 'more'"));
  EXPECT_THAT(finding([](Json& json) { json["counts"]["bases"] = -1; }),
              HasSubstr("/counts/bases: -1 does not fit minimum 0"));
  EXPECT_THAT(finding([](Json& json) { json["inputs"][1]["sha256"] = "x"; }),
              HasSubstr("/inputs/1/sha256: \"x\" does not fit pattern"));
  EXPECT_THAT(finding([](Json& json) { json["sessions"][0]["faults"]["lost_devices"] = "none"; }),
              HasSubstr("/sessions/0/faults/lost_devices: \"none\" does not fit type"));
  EXPECT_THAT(finding([](Json& json) { json["model"]["expected_length"] = 400; }),
              HasSubstr("does not fit enum"));
}

}  // namespace
}  // namespace virnucpro::test
