// What MultiQC gets: counts, bins and names.
#include "report/multiqc_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using nlohmann::json;

json read_json(const std::string& folder, const char* name) {
  std::ifstream stream(folder + "/" + name);
  return json::parse(stream);
}

RecordSummary scored(float largest, bool viral) {
  RecordSummary summary;
  summary.frames = 1;
  summary.max_p_virus = largest;
  summary.viral = viral;
  summary.outcome = Outcome::kScored;
  return summary;
}

class MultiqcFilesTest : public testing::Test {
 protected:
  void write(const std::string& folder) {
    std::filesystem::create_directories(folder);
    MultiqcFiles files(folder);
    files.record({0, "a", 1000}, scored(1.0f, true));
    files.record({1, "b", 300}, scored(0.01f, false));
    RecordSummary summary;
    summary.outcome = Outcome::kNoOrf;
    files.record({2, "c", 200}, summary);
    summary.outcome = Outcome::kFailed;
    files.record({3, "d", 100}, summary);
    OutputGroup group;
    files.end(group);
    group.sync();
    group.publish();
  }

  TemporaryFolder folder_;
};

TEST_F(MultiqcFilesTest, CountEveryRecordOnce) {
  const std::string folder = folder_.path() + "/lung 1";
  write(folder + "/");
  const json general = read_json(folder, "virnucpro_general_mqc.json");
  EXPECT_EQ(general["plot_type"], "generalstats");
  const json& row = general["data"].at("lung 1");
  EXPECT_EQ(row["virnucpro_records"], 4);
  EXPECT_EQ(row["virnucpro_viral"], 1);
  EXPECT_EQ(row["virnucpro_viral_share"], 25.0);
  EXPECT_EQ(row["virnucpro_viral_bases"], 1000);
  for (const auto& [name, value] : row.items()) EXPECT_TRUE(general["headers"].contains(name));
  const json records = read_json(folder, "virnucpro_records_mqc.json");
  EXPECT_EQ(records["data"]["lung 1"],
            json::parse(R"({"virus":1,"others":1,"no_orf":1,"too_short":0,"failed":1})"));
}

TEST_F(MultiqcFilesTest, SpreadScoresOverBins) {
  const std::string folder = folder_.path() + "/s";
  write(folder);
  const json scores = read_json(folder, "virnucpro_scores_mqc.json")["data"]["s"];
  ASSERT_EQ(scores.size(), MultiqcFiles::kBins);
  EXPECT_EQ(scores[0], json::parse("[0.025, 50.0]"));
  EXPECT_EQ(scores[1][1], 0.0);
  EXPECT_EQ(scores[19], json::parse("[0.975, 50.0]")) << "1 belongs to the last";
}

TEST_F(MultiqcFilesTest, AreThereForNoRecordsToo) {
  const std::string folder = folder_.path() + "/none";
  std::filesystem::create_directories(folder);
  MultiqcFiles files(folder);
  OutputGroup group;
  files.end(group);
  group.sync();
  EXPECT_FALSE(std::filesystem::exists(folder + "/virnucpro_general_mqc.json")) << "not yet";
  group.publish();
  EXPECT_EQ(
      read_json(folder, "virnucpro_general_mqc.json")["data"]["none"]["virnucpro_viral_share"],
      0.0);
  EXPECT_EQ(read_json(folder, "virnucpro_scores_mqc.json")["data"]["none"][7][1], 0.0);
}

}  // namespace
}  // namespace virnucpro
