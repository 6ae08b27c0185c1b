// A run's calibration and its calls in the database: kept, found again, and refused when damaged.
#include "results/run_calibration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/errors.h"
#include "results/run_facts.h"
#include "unit/report/temporary_folder.h"
#include "unit/results/stored_bases.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

Calibration example() {
  Calibration calibration;
  calibration.all = {0.5, 0.25, {}};
  calibration.classes = {{0, 1, 2, {}}};
  calibration.contig = {1.0, 0.0, 1.0, 0.5};
  calibration.labels_sha256 = std::string(64, '0');
  return calibration;
}

std::vector<RunFact> work_with(const std::optional<Calibration>& calibration) {
  std::vector<RunFact> work = kWork;
  if (calibration) work.push_back({kCalibrationFact, calibration_sha256(calibration)});
  return work;
}

TEST(RunCalibration, IsFoundAgain) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), work_with(example()), RunDatabase::Existing::kContinue);
    store_calibration(database, example());
    database.commit();
  }
  EXPECT_EQ(stored_calibration(RunDatabase(folder.path())), example());
}

TEST(RunCalibration, IsAbsentInARunWithoutOne) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), work_with({}), RunDatabase::Existing::kContinue);
  store_calibration(database, {});
  EXPECT_FALSE(stored_calibration(database));
  EXPECT_EQ(stored_calls(database), CallRequest{});
  EXPECT_EQ(calibration_sha256({}), "");
}

TEST(RunCalibration, RefusesAnotherThanTheRunWasMadeWith) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), work_with(example()), RunDatabase::Existing::kContinue);
  const std::string expected =
      "found another calibration than that of the run. The same 'virnucpro predict' with --repair "
      "computes again what is damaged";
  EXPECT_THAT(error_of<InputError>([&] { stored_calibration(database); }), HasSubstr(expected));
  Calibration other = example();
  other.all.slope = 0.75;
  store_calibration(database, other);
  EXPECT_THAT(error_of<InputError>([&] { stored_calibration(database); }), HasSubstr(expected));
}

TEST(RunCalibration, KeepsTheCallsThatWereAskedForLast) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kWork, RunDatabase::Existing::kContinue);
  CallRequest calls;
  calls.fdr = 0.05;
  store_calls(database, calls);
  EXPECT_FALSE(database.has_uncommitted());
  EXPECT_EQ(stored_calls(database), calls);
  store_calls(database, {});
  EXPECT_EQ(stored_calls(database), CallRequest{});
  database.set_text("calls", "by dice");
  EXPECT_THAT(
      error_of<InputError>([&] { stored_calls(database); }),
      HasSubstr("found 'by dice' as the way to call. The same 'virnucpro predict' with --repair"));
}

TEST(RunCalibration, CountsTheLogOddsOfRecordsWithAScore) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kWork, RunDatabase::Existing::kContinue);
  const auto add = [&](std::uint64_t ordinal, const std::vector<float>& scores) {
    std::string bases;
    for (const float score : scores)
      bases += bases_open_in(first_frames(score > 0.0f ? 1 : 0), 500);
    const std::vector<std::byte> bytes = packed(bases);
    database.begin_record({ordinal, "r", bases.size(), bytes});
    Outcome of_record = Outcome::kNoOrf;
    for (std::size_t i = 0; i < scores.size(); ++i) {
      const std::uint64_t number = database.extent().chunks;
      const bool is_scored = scores[i] > 0.0f;
      database.add_chunk({number,
                          ordinal,
                          i,
                          500 * i,
                          500 * (i + 1),
                          is_scored ? Outcome::kScored : Outcome::kNoOrf,
                          {}});
      if (!is_scored) continue;
      of_record = Outcome::kScored;
      StoredOrf orf;
      orf.number = database.extent().orfs;
      orf.chunk = number;
      orf.p_virus = scores[i];
      orf.p_others = 1.0f - scores[i];
      database.add_orf(orf);
    }
    database.end_record(ordinal, of_record, {});
  };
  add(0, {0.75f, 0.0f, 0.875f});
  add(1, {0.0f});
  add(2, {0.25f});
  database.mark_complete();
  const Calibration calibration = example();
  LogOddsHistogram expected;
  ContigEvidence first;
  first.add(calibration.chunk_probability(0.75, {500, 0, false}));
  first.add(calibration.chunk_probability(0.875, {500, 0, false}));
  expected.add(first.log_odds(calibration.contig, 3));
  ContigEvidence last;
  last.add(calibration.chunk_probability(0.25, {500, 0, false}));
  expected.add(last.log_odds(calibration.contig, 1));
  const LogOddsHistogram found = record_log_odds(database, calibration, nullptr);
  EXPECT_EQ(found.total(), 2U);
  for (std::size_t bin = 0; bin < LogOddsHistogram::kBins; ++bin) {
    ASSERT_EQ(found[bin], expected[bin]) << bin;
  }
}

}  // namespace
}  // namespace virnucpro
