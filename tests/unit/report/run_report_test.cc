// The ledger's sums and the text of run.json.
#include "report/run_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/errors.h"

namespace virnucpro {
namespace {

TEST(Ledger, BalancesWhenEverythingCameOut) {
  Ledger ledger;
  ledger.records.add(Outcome::kScored);
  ledger.records.add(Outcome::kTooShort);
  ledger.chunks.add(Outcome::kScored);
  ledger.frames = 3;
  require_balanced({2, 400, 1, 3}, ledger);
  for (const Intake& intake :
       {Intake{3, 400, 1, 3}, Intake{2, 400, 2, 3}, Intake{2, 400, 1, 4}, Intake{1, 400, 1, 3}}) {
    EXPECT_THROW(require_balanced(intake, ledger), ContractError);
  }
}

TEST(Ledger, DerivesTheOutcomeOfARecordFromItsChunks) {
  OutcomeCounts chunks;
  EXPECT_EQ(outcome_of_record(chunks), Outcome::kTooShort);
  chunks.add(Outcome::kTooShort);
  EXPECT_EQ(outcome_of_record(chunks), Outcome::kTooShort);
  chunks.add(Outcome::kNoOrf);
  EXPECT_EQ(outcome_of_record(chunks), Outcome::kNoOrf);
  chunks.add(Outcome::kScored);
  EXPECT_EQ(outcome_of_record(chunks), Outcome::kScored);
  chunks.add(Outcome::kFailed);
  EXPECT_EQ(outcome_of_record(chunks), Outcome::kFailed);
}

TEST(Ledger, CallsAChunkWithoutACodonTooShort) {
  EXPECT_EQ(outcome_without_orf(2), Outcome::kTooShort);
  EXPECT_EQ(outcome_without_orf(3), Outcome::kNoOrf);
}

TEST(RunJson, HoldsWhatTheRunWas) {
  RunReport report;
  report.program_version = "1.2.3";
  report.command_line = {"virnucpro", "predict", "in.fa"};
  report.inputs = {{"in.fa", 1234, 2}, {"-", std::nullopt, 1}};
  report.bundle = "mini";
  report.parts = {{"esm2", "ab"}};
  report.ledger.records.add(Outcome::kNoOrf);
  report.ledger.frames = 7;
  report.frames_embedded = 5;
  report.frames_repeated = 2;
  report.batch_tokens = 4096;
  report.automatic_batch_tokens = true;
  report.tokens = {{"dnabert_s", 300}, {"esm2", 100}};
  report.packing_efficiency = {{"esm2", 0.875}};
  report.seconds = 2.0;
  report.warnings = {"slow"};
  const auto json = nlohmann::json::parse(run_json(report));
  EXPECT_EQ(json["program"]["version"], "1.2.3");
  EXPECT_EQ(json["inputs"][0]["bytes"], 1234);
  EXPECT_TRUE(json["inputs"][1]["bytes"].is_null());
  EXPECT_EQ(json["model"]["sha256"]["esm2"], "ab");
  EXPECT_EQ(json["counts"]["records"]["no_orf"], 1);
  EXPECT_EQ(json["counts"]["records"]["total"], 1);
  EXPECT_EQ(json["counts"]["frames"], 7);
  EXPECT_EQ(json["counts"]["frames_embedded"], 5);
  EXPECT_EQ(json["counts"]["frames_repeated"], 2);
  EXPECT_EQ(json["options"]["batch_tokens"], 4096);
  EXPECT_EQ(json["options"]["automatic_batch_tokens"], true);
  EXPECT_EQ(json["performance"]["tokens_per_second"], 200.0);
  EXPECT_EQ(json["performance"]["packing_efficiency"]["esm2"], 0.875);
  EXPECT_EQ(json["warnings"][0], "slow");
}

TEST(RunJson, IsValidForAPathThatIsNoUtf8) {
  RunReport report;
  report.inputs = {{"caf\xe9.fa", 1, 1}};
  EXPECT_TRUE(nlohmann::json::accept(run_json(report)));
}

TEST(RunJson, RefusesAPackingEfficiencyAboveOne) {
  RunReport report;
  report.packing_efficiency = {{"esm2", 3.58}};
  EXPECT_THROW(run_json(report), ContractError);
}

}  // namespace
}  // namespace virnucpro
