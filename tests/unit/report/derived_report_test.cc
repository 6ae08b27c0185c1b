// run.json of results that were made again, and of merged ones.
#include "report/derived_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/errors.h"

namespace virnucpro {
namespace {

using nlohmann::json;
using testing::HasSubstr;

RunReport report_of(std::uint64_t shard) {
  RunReport report;
  report.program_version = "1.2.3";
  report.command_line = {"virnucpro", "predict"};
  report.inputs = {{"in.fa", 1234, 10 * shard, "ab"}, {"-", std::nullopt, 1, ""}};
  report.shard = shard;
  report.shards = 2;
  report.precision = "fp16";
  report.device = "cpu";
  report.threads = shard;
  report.frames_embedded = 5 * shard;
  report.frames_repeated = 1;
  report.seconds = 2.0;
  report.stage_seconds = {{"read", 0.5}};
  report.tokens = {{"esm2", 100 * shard}};
  report.packing_efficiency = {{"esm2", shard == 1 ? 0.5 : 1.0}};
  report.batches = 3;
  report.peak_memory_bytes = 1000 * shard;
  report.faults.out_of_memory = shard;
  report.faults.lost_devices = {"cuda:" + std::to_string(shard)};
  report.warnings = {"slow", "of shard " + std::to_string(shard)};
  return report;
}

TEST(DerivedReport, SaysWhatIsNotTheRunsOwnAndNothingElse) {
  const std::string text = run_json(report_of(1));
  EXPECT_EQ(with_derivation(text, "run.db", {}), text);
  json both = json::parse(with_derivation(text, "run.db", {0.9, ModelPart{"c.pth", "cd"}}));
  EXPECT_EQ(both["report"],
            json::parse(R"({"threshold": 0.9, "classifier": {"name": "c.pth", "sha256": "cd"}})"));
  both.erase("report");
  EXPECT_EQ(both, json::parse(text));
  const json threshold = json::parse(with_derivation(text, "run.db", {0.9, std::nullopt}));
  EXPECT_EQ(threshold["report"], json({{"threshold", 0.9}}));
}

TEST(DerivedReport, SumsWhatShardsCounted) {
  const SessionReport session = {{.started_at = "2026-01-01T00:00:00Z",
                                  .program_version = "1.0.0",
                                  .device = "cpu",
                                  .seconds = 2.0,
                                  .orfs_computed = 5}};
  const std::vector<MergedShard> shards = {
      {"a", "a/run.db", run_json(report_of(1)), 10, 20, 6, {session}},
      {"b", "b/run.db", run_json(report_of(2)), 20, 40, 11, {session, session}}};
  const json merged = json::parse(merged_run_json(shards, {"virnucpro", "merge"}, "now"));
  EXPECT_FALSE(merged.contains("shard"));
  EXPECT_EQ(merged["program"]["command_line"], json({"virnucpro", "merge"}));
  EXPECT_EQ(merged["program"]["started_at"], "now");
  EXPECT_EQ(merged["program"]["version"], "1.2.3");
  EXPECT_EQ(merged["inputs"][0]["records"], 30);
  EXPECT_EQ(merged["inputs"][0]["bytes"], 1234);
  EXPECT_EQ(merged["inputs"][1]["records"], 2);
  EXPECT_EQ(merged["options"]["precision"], "fp16");
  EXPECT_TRUE(merged["options"]["threads"].is_null()) << "it differs";
  EXPECT_EQ(merged["counts"]["frames_embedded"], 15);
  EXPECT_EQ(merged["counts"]["frames_repeated"], 2);
  const json& performance = merged["performance"];
  EXPECT_EQ(performance["seconds"], 4.0);
  EXPECT_EQ(performance["stage_seconds"]["read"], 1.0);
  EXPECT_EQ(performance["tokens"]["esm2"], 300);
  EXPECT_EQ(performance["tokens_per_second"], 75.0);
  EXPECT_EQ(performance["batches"], 6);
  EXPECT_EQ(performance["packing_efficiency"]["esm2"], 0.75);  // 300 of 200 + 200
  EXPECT_EQ(performance["peak_memory_bytes"], 2000);
  EXPECT_EQ(merged["faults"]["out_of_memory"], 3);
  EXPECT_EQ(merged["faults"]["lost_devices"], json({"cuda:1", "cuda:2"}));
  EXPECT_EQ(merged["warnings"], json({"slow", "of shard 1", "of shard 2"}));
  ASSERT_EQ(merged["merged_from"].size(), 2u);
  const json& second = merged["merged_from"][1];
  EXPECT_EQ(second["folder"], "b");
  EXPECT_EQ(second["shard"], "2/2");
  EXPECT_EQ(second["records"], 20);
  EXPECT_EQ(second["chunks"], 40);
  EXPECT_EQ(second["frames"], 11);
  EXPECT_EQ(second["frames_embedded"], 10);
  ASSERT_EQ(second["sessions"].size(), 2u);
  EXPECT_EQ(second["sessions"][1]["frames_computed"], 5);
}

TEST(DerivedReport, RefusesATextThatIsNone) {
  const std::string good = run_json(report_of(1));
  for (const std::string bad : {"", "{}", "[1]", R"({"counts": 3})"}) {
    try {
      merged_run_json({{"a", "a/run.db", good, 0, 0, 0, {}}, {"b", "b/run.db", bad, 0, 0, 0, {}}},
                      {}, "now");
      ADD_FAILURE() << bad;
    } catch (const InputError& error) {
      EXPECT_THAT(error.what(),
                  HasSubstr("b/run.db: expected the database of a run, found no text of run.json"));
    }
  }
  EXPECT_THROW(with_derivation("{", "run.db", {0.9, std::nullopt}), InputError);
}

TEST(DerivedReport, SaysHowRecordsWereCalled) {
  const std::string text = run_json(report_of(1));
  CallRequest request;
  request.fdr = 0.05;
  const CalledBy by_fdr = {request, {0.25, PrevalenceEstimate{0.25, 0.125, 0.5}, 0.0}, 7, 0.25};
  EXPECT_EQ(json::parse(with_calls(text, "run.db", by_fdr))["calls"],
            json({{"fdr", 0.05},
                  {"prevalence", 0.25},
                  {"prevalence_estimated", true},
                  {"prevalence_range", {0.125, 0.5}},
                  {"threshold", by_fdr.rule.least_probability()},
                  {"called", 7},
                  {"expected_false_discoveries", 0.25}}));
  EXPECT_NEAR(by_fdr.rule.least_probability(), 0.25, 1e-15);
  CallRequest preset;
  preset.relaxed = true;
  EXPECT_EQ(
      json::parse(with_calls(text, "run.db", {preset, {0.5, {}, 1.0}, 0, 0.0}))["calls"]["preset"],
      "relaxed");
  EXPECT_EQ(json::parse(with_calls(text, "run.db", {{}, {0.5, {}, {}}, 0, 0.0}))["calls"],
            json({{"prevalence", 0.5}, {"prevalence_estimated", false}}));
  EXPECT_THROW(with_calls("{", "run.db", by_fdr), InputError);
}

}  // namespace
}  // namespace virnucpro
