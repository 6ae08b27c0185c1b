// The result files of a run: contents, order, calls, ledger, and that they appear together.
#include "report/prediction_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <random>
#include <vector>

#include "base/errors.h"
#include "report/tier_table.h"
#include "support/plain_calibration.h"
#include "unit/report/file_size_limit.h"
#include "unit/report/temporary_folder.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;
using Frames = std::vector<FrameRow>;

const Frames kViralFrames = {{"F1", 0.25f, 0.75f}, {"R2", 0.9f, 0.1f}};
const Frames kClearVirus = {{"F3", 0.00117f, 0.99883f}};
const TableChoice kOriginal = {LegacyFormat::kOriginal, {}};
const Frames kClearOther = {{"R1", 1.0f, 9.999e-5f}};

void write_record(PredictionTables& tables, std::uint64_t ordinal, std::string_view id,
                  const std::vector<Frames>& chunks, std::string_view bases = "ACGT") {
  tables.begin_record({ordinal, id, bases.size()});
  std::uint64_t index = 0;
  for (const Frames& frames : chunks) {
    const Outcome outcome = frames.empty() ? Outcome::kNoOrf : Outcome::kScored;
    tables.chunk({index, 10 * index, 10 * index + 10, outcome, {}}, frames);
    ++index;
  }
  tables.end_record(bases);
}

TEST(PredictionTables, WritesOnlyHeadersForARunWithoutRecords) {
  TemporaryFolder folder;
  PredictionTables tables(folder.file("out"), {}, {}, SortedLines::kDefaultMemory, kOriginal);
  tables.finish();
  tables.publish("{}\n");
  EXPECT_EQ(folder.read("out/predictions.tsv"),
            "id\trecord\tchunk\tstart\tend\tstrand\tframe\tp_virus\tp_calibrated\tcall\n");
  EXPECT_EQ(folder.read("out/contigs.tsv"),
            "id\trecord\tlength\tchunks\tscored_chunks\tframes\tviral_chunks\tmean_p_virus\t"
            "max_p_virus\tp_calibrated\tcall\tstatus\treason\n");
  EXPECT_EQ(folder.read("out/contig_tiers.tsv"), std::string(kTierColumns) + "\n");
  EXPECT_EQ(folder.read("out/viral.fasta"), "");
  EXPECT_EQ(folder.read("out/prediction_results.txt"), "Sequence_ID\tPrediction\tscore1\tscore2\n");
  EXPECT_EQ(folder.read("out/prediction_results_highestscore.csv"), "Modified_ID\tIs_Virus\n");
  EXPECT_EQ(folder.read("out/run.json"), "{}\n");
  require_balanced({}, tables.ledger());
}

TEST(PredictionTables, WritesEveryFileOfASmallRun) {
  TemporaryFolder folder;
  PredictionTables tables(folder.path(), {}, {}, SortedLines::kDefaultMemory, kOriginal);
  write_record(tables, 0, "z", {kClearVirus, {}, kClearVirus, kClearOther}, "ACGTN");
  write_record(tables, 1, "b", {kClearOther});
  tables.begin_record({2, "empty", 0});
  tables.end_record("");
  tables.finish();
  tables.publish("{}\n");
  EXPECT_EQ(folder.read("predictions.tsv"),
            "id\trecord\tchunk\tstart\tend\tstrand\tframe\tp_virus\tp_calibrated\tcall\n"
            "z\t1\t1\t0\t10\t+\tF3\t0.99883\tNA\tvirus\n"
            "z\t1\t3\t20\t30\t+\tF3\t0.99883\tNA\tvirus\n"
            "z\t1\t4\t30\t40\t-\tR1\t9.999e-05\tNA\tothers\n"
            "b\t2\t1\t0\t10\t-\tR1\t9.999e-05\tNA\tothers\n");
  EXPECT_THAT(folder.read("contigs.tsv"),
              HasSubstr("\nz\t1\t5\t4\t3\t3\t2\t0.66592\t0.99883\tNA\tvirus\tscored\tNA\n"
                        "b\t2\t4\t1\t1\t1\t0\t9.999e-05\t9.999e-05\tNA\tothers\tscored\tNA\n"
                        "empty\t3\t0\t0\t0\t0\t0\tNA\tNA\tNA\tNA\ttoo_short\tNA\n"));
  EXPECT_EQ(folder.read("viral.fasta"), ">z\nACGTN\n");
  EXPECT_EQ(folder.read("prediction_results.txt"),
            "Sequence_ID\tPrediction\tscore1\tscore2\n"
            "z_chunk_1F3\tvirus\t0.00117\t0.99883\n"
            "z_chunk_3F3\tvirus\t0.00117\t0.99883\n"
            "z_chunk_4R1\tothers\t1.0\t9.999e-05\n"
            "b_chunk_1R1\tothers\t1.0\t9.999e-05\n");
  EXPECT_EQ(folder.read("prediction_results_highestscore.csv"),
            "Modified_ID\tIs_Virus\n"
            "b_chunk_1\tFalse\n"
            "z_chunk_1\tTrue\n"
            "z_chunk_3\tTrue\n"
            "z_chunk_4\tFalse\n");
  const Ledger& ledger = tables.ledger();
  EXPECT_EQ(ledger.records[Outcome::kScored], 2u);
  EXPECT_EQ(ledger.records[Outcome::kTooShort], 1u);
  EXPECT_EQ(ledger.chunks[Outcome::kNoOrf], 1u);
  EXPECT_EQ(ledger.frames, 4u);
  EXPECT_EQ(tables.calls().viral_records, 1u);
  EXPECT_EQ(tables.calls().viral_chunks, 2u);
}

TEST(PredictionTables, OpenNothingButThePageWhereItAloneIsWanted) {
  TemporaryFolder whole;
  PredictionTables all(whole.path());
  write_record(all, 0, "z", {kClearVirus, {}, kClearVirus}, "ACGTN");
  all.finish();
  all.publish("{}\n");
  TemporaryFolder folder;
  PredictionTables tables(folder.path(), {}, {}, SortedLines::kDefaultMemory, {}, false, 0,
                          WrittenFiles::kPageOnly);
  write_record(tables, 0, "z", {kClearVirus, {}, kClearVirus}, "ACGTN");
  const auto files = std::filesystem::directory_iterator(folder.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1) << "the page under its partial name";
  tables.finish();
  tables.publish("{}\n");
  EXPECT_EQ(folder.read("report.html"), whole.read("report.html"));
  EXPECT_EQ(tables.calls().viral_records, 1u);
  EXPECT_EQ(tables.ledger().frames, all.ledger().frames);
}

TEST(PredictionTables, SortsTheLegacyChunksByBytesAlsoBeyondItsMemory) {
  for (const std::size_t memory : {std::size_t{1}, std::size_t{1} << 20}) {
    TemporaryFolder folder;
    PredictionTables tables(folder.path(), {}, {}, memory, kOriginal);
    const std::vector<Frames> eleven(11, kClearVirus);
    write_record(tables, 0, "a", eleven);
    write_record(tables, 1, "B", {kClearOther});
    tables.finish();
    tables.publish("");
    EXPECT_EQ(folder.read("prediction_results_highestscore.csv").substr(0, 80),
              "Modified_ID\tIs_Virus\nB_chunk_1\tFalse\na_chunk_1\tTrue\na_chunk_10\tTrue\n"
              "a_chunk_11\tT");
  }
}

TEST(PredictionTables, CallsTiesAsThePublishedToolDoes) {
  const Frames tie = {{"F1", 0.5f, 0.5f}};
  const CallRule rule;
  EXPECT_FALSE(rule.is_virus(tie[0].scores));             // the frame: others
  EXPECT_TRUE(rule.is_viral_chunk(largest_scores(tie)));  // the chunk: virus
  EXPECT_TRUE(
      rule.is_viral_chunk(largest_scores(Frames{{"F1", 0.75f, 0.25f}, {"F2", 0.25f, 0.75f}})));
  EXPECT_FALSE(rule.is_viral_chunk(largest_scores(kViralFrames)));  // 0.75 against 0.9
  EXPECT_FALSE(rule.is_viral_chunk(largest_scores({})));
}

TEST(CallRule, IsExactlyThePublishedOneAtOneHalf) {
  std::mt19937 random(4);
  const auto any_float = [&] {
    // Every exponent of a probability, down to the smallest float there is.
    const std::uint32_t bits = random() % (std::bit_cast<std::uint32_t>(1.0f) + 1);
    return std::bit_cast<float>(bits);
  };
  const CallRule rule;
  for (int i = 0; i < 200'000; ++i) {
    const float others = any_float();
    for (const float virus :
         {any_float(), others, std::nextafter(others, 0.0f), std::nextafter(others, 1.0f)}) {
      const Frames frame = {{"F1", others, virus}};
      ASSERT_EQ(rule.is_virus(frame[0].scores), virus > others) << others << ' ' << virus;
      ASSERT_EQ(rule.is_viral_chunk(largest_scores(frame)), virus >= others)
          << others << ' ' << virus;
    }
  }
}

TEST(CallRule, MovesWithTheThreshold) {
  const FrameRow low = {"F1", 0.625f, 0.375f};
  const FrameRow high = {"F2", 0.375f, 0.625f};
  EXPECT_TRUE(CallRule{0.3}.is_virus(low.scores));
  EXPECT_FALSE(CallRule{0.5}.is_virus(low.scores));
  EXPECT_TRUE(CallRule{0.5}.is_virus(high.scores));
  EXPECT_FALSE(CallRule{0.7}.is_virus(high.scores));
  // A chunk: 0.625 * (1 - t) against 0.625 * t.
  const Frames both = {low, high};
  EXPECT_TRUE(CallRule{0.3}.is_viral_chunk(largest_scores(both)));
  EXPECT_TRUE(CallRule{0.5}.is_viral_chunk(largest_scores(both)));
  EXPECT_FALSE(CallRule{0.7}.is_viral_chunk(largest_scores(both)));
}

TEST(CallRule, CallsAFrameOnTheThresholdOthersAndAChunkViral) {
  const Frames frames = {{"F1", 0.75f, 0.25f}};  // 0.25 * 0.75 on both sides
  EXPECT_FALSE(CallRule{0.25}.is_virus(frames[0].scores));
  EXPECT_TRUE(CallRule{0.25}.is_viral_chunk(largest_scores(frames)));
}

TEST(PredictionTables, CallsByTheThresholdInEveryFile) {
  for (const double threshold : {0.3, 0.7}) {
    const bool viral = threshold < 0.5;
    TemporaryFolder folder;
    PredictionTables tables(folder.path(), {threshold});
    write_record(tables, 0, "r", {{{"F1", 0.5f, 0.5f}}});
    tables.finish();
    tables.publish("");
    EXPECT_THAT(folder.read("predictions.tsv"), HasSubstr(viral ? "\tvirus\n" : "\tothers\n"));
    EXPECT_THAT(folder.read("contigs.tsv"),
                HasSubstr(viral ? "\t1\t0.5\t0.5\tNA\tvirus\t" : "\t0\t0.5\t0.5\tNA\tothers\t"));
    EXPECT_EQ(folder.read("viral.fasta"), viral ? ">r\nACGT\n" : "");
    EXPECT_THAT(folder.read("prediction_results.txt"),
                HasSubstr(viral ? "F1\tvirus\t0.5" : "F1\tothers\t0.5"));
    EXPECT_THAT(folder.read("prediction_results_highestscore.csv"),
                HasSubstr(viral ? "\tTrue\t0.5\t0.5\n" : "\tFalse\t0.5\t0.5\n"));
    EXPECT_EQ(tables.calls().viral_frames, viral ? 1u : 0u);
    EXPECT_EQ(tables.calls().viral_chunks, viral ? 1u : 0u);
    EXPECT_EQ(tables.calls().viral_records, viral ? 1u : 0u);
  }
}

TEST(PredictionTables, HasCalibratedProbabilitiesOfChunksAndRecords) {
  const Calibration calibration = plain_calibration();
  TemporaryFolder folder;
  CalibratedCalls calibrated{&calibration, {}};
  PredictionTables tables(folder.path(), {}, calibrated);
  write_record(tables, 0, "r", {kViralFrames, {}, {{"F1", 0.25f, 0.75f}}});
  write_record(tables, 1, "none", {{}});
  tables.finish();
  tables.publish("");
  // 0.75 over 0.75 + 0.9, and by the rule for frames as without a calibration.
  EXPECT_THAT(folder.read("predictions.tsv"),
              HasSubstr("\tF1\t0.75\t0.45454547\tvirus\nr\t1\t1\t0\t10\t-\tR2\t0.1\t0.45454547\t"
                        "others\nr\t1\t3\t20\t30\t+\tF1\t0.75\t0.75\tvirus\n"));
  // The mean of logit(5 / 11) and logit(3 / 4).
  EXPECT_THAT(folder.read("contigs.tsv"),
              HasSubstr("\t0.53333336\t0.75\t0.6125741\tothers\tscored\tNA\n"));
  EXPECT_THAT(folder.read("contigs.tsv"), HasSubstr("\tNA\tNA\tNA\tNA\tno_orf\tNA\n"));
  EXPECT_EQ(tables.calls().expected_false_records, 0.0);
}

TEST(PredictionTables, CallsByCalibratedProbabilitiesButForTheLegacyFiles) {
  const Calibration calibration = plain_calibration();
  std::vector<std::string> legacy;
  for (const double threshold : {0.4, 0.5, 0.7}) {
    TemporaryFolder folder;
    CalibratedCalls calibrated{&calibration, {0.5, {}, log_odds_of(threshold)}};
    PredictionTables tables(folder.path(), {}, calibrated, SortedLines::kDefaultMemory, kOriginal);
    write_record(tables, 0, "r", {kViralFrames, {{"F1", 0.25f, 0.75f}}});
    tables.finish();
    tables.publish("");
    const bool first = threshold < 0.45;   // 5 / 11
    const bool record = threshold < 0.61;  // the mean of both
    EXPECT_THAT(folder.read("predictions.tsv"),
                HasSubstr(first ? "R2\t0.1\t0.45454547\tvirus" : "R2\t0.1\t0.45454547\tothers"));
    EXPECT_THAT(folder.read("contigs.tsv"),
                HasSubstr(record ? "\t0.6125741\tvirus\t" : "\t0.6125741\tothers\t"));
    EXPECT_EQ(folder.read("viral.fasta"), record ? ">r\nACGT\n" : "");
    EXPECT_EQ(tables.calls().viral_frames, first ? 3u : 1u);
    EXPECT_EQ(tables.calls().viral_chunks, first ? 2u : 1u);
    EXPECT_EQ(tables.calls().viral_records, record ? 1u : 0u);
    EXPECT_NEAR(tables.calls().expected_false_records, record ? 1.0 - 0.6125741 : 0.0, 1e-7);
    legacy.push_back(folder.read("prediction_results.txt") +
                     folder.read("prediction_results_highestscore.csv"));
  }
  EXPECT_EQ(legacy[0], legacy[1]);
  EXPECT_EQ(legacy[0], legacy[2]);
  EXPECT_THAT(legacy[0], HasSubstr("r_chunk_1\tFalse\nr_chunk_2\tTrue\n"));
}

TEST(PredictionTables, ShowsProbabilitiesAtThePrevalence) {
  const Calibration calibration = plain_calibration();
  TemporaryFolder folder;
  CalibratedCalls calibrated{&calibration, {0.1, {}, {}}};
  PredictionTables tables(folder.path(), {}, calibrated);
  write_record(tables, 0, "r", {{{"F1", 0.25f, 0.75f}}});
  tables.finish();
  tables.publish("");
  // Odds of 3 times 1 / 9.
  EXPECT_THAT(folder.read("predictions.tsv"), HasSubstr("\t0.75\t0.25\tvirus\n"));
  EXPECT_THAT(folder.read("contigs.tsv"), HasSubstr("\t0.75\t0.75\t0.25\tvirus\t"));
}

TEST(PredictionTables, CallsARecordViralWhenMoreThanHalfOfItsScoredChunksAre) {
  EXPECT_TRUE(is_viral_record(1, 1));
  EXPECT_FALSE(is_viral_record(1, 2));
  EXPECT_TRUE(is_viral_record(2, 3));
  EXPECT_FALSE(is_viral_record(0, 0));
}

TEST(PredictionTables, GivesRepeatedIdsASuffixInTheLegacyFilesOnly) {
  TemporaryFolder folder;
  PredictionTables tables(folder.path());
  for (std::uint64_t i = 0; i < 3; ++i) write_record(tables, i, "same", {kClearOther});
  tables.finish();
  tables.publish("");
  EXPECT_EQ(tables.calls().repeated_ids, 2u);
  const std::string legacy = folder.read("prediction_results.txt");
  for (const char* id : {"\nsame_chunk_1R1\t", "\nsame_1_chunk_1R1\t", "\nsame_2_chunk_1R1\t"}) {
    EXPECT_THAT(legacy, HasSubstr(id));
  }
  EXPECT_THAT(folder.read("predictions.tsv"), HasSubstr("\nsame\t3\t1\t"));
}

TEST(PredictionTables, KeepsHostileIdsInOneField) {
  TemporaryFolder folder;
  PredictionTables tables(folder.path());
  write_record(tables, 0, "a\tb\nc\\\"q\"", {kClearVirus});
  tables.finish();
  tables.publish("");
  EXPECT_THAT(folder.read("predictions.tsv"), HasSubstr("\na\\x09b\\x0ac\\\"q\"\t1\t1\t"));
  EXPECT_THAT(folder.read("contigs.tsv"), HasSubstr("\na\\x09b\\x0ac\\\"q\"\t1\t4\t"));
  EXPECT_EQ(folder.read("viral.fasta"), ">a\\x09b\\x0ac\\\"q\"\nACGT\n");
  EXPECT_THAT(folder.read("prediction_results.txt"),
              HasSubstr("\na\\x09b\\x0ac\\\"q\"_chunk_1F3\tvirus\t"));
  EXPECT_THAT(folder.read("prediction_results_highestscore.csv"),
              HasSubstr("\n\"a\\x09b\\x0ac\\\"\"q\"\"_chunk_1\"\tTrue\t"));
}

TEST(PredictionTables, TellsIdsApartThatAreAlikeOnceEscaped) {
  TemporaryFolder folder;
  PredictionTables tables(folder.path());
  write_record(tables, 0, "a\xff", {kClearOther});
  write_record(tables, 1, "a\\xff", {kClearOther});
  tables.finish();
  tables.publish("");
  EXPECT_EQ(tables.calls().repeated_ids, 1u);
  const std::string legacy = folder.read("prediction_results_highestscore.csv");
  EXPECT_THAT(legacy, HasSubstr("\na\\xff_chunk_1\tFalse\t"));
  EXPECT_THAT(legacy, HasSubstr("\na\\xff_1_chunk_1\tFalse\t"));
}

TEST(PredictionTables, WritesViralRecordsWholeInEightyColumns) {
  TemporaryFolder folder;
  PredictionTables tables(folder.path());
  write_record(tables, 0, "long", {kClearVirus}, std::string(170, 'a'));
  write_record(tables, 1, "even", {kClearVirus}, std::string(80, 'C'));
  tables.finish();
  tables.publish("");
  EXPECT_EQ(folder.read("viral.fasta"), ">long\n" + std::string(80, 'a') + "\n" +
                                            std::string(80, 'a') + "\naaaaaaaaaa\n>even\n" +
                                            std::string(80, 'C') + "\n");
}

TEST(PredictionTables, KeepsAFailedChunkInSight) {
  TemporaryFolder folder;
  PredictionTables tables(folder.path());
  tables.begin_record({0, "r", 600});
  tables.chunk({0, 0, 500, Outcome::kScored, {}}, kClearVirus);
  tables.chunk({1, 299, 600, Outcome::kFailed, "not finite"}, {}, 2);
  tables.end_record("");
  tables.finish();
  tables.publish("");
  EXPECT_THAT(
      folder.read("contigs.tsv"),
      HasSubstr("\nr\t1\t600\t2\t1\t1\t1\t0.99883\t0.99883\tNA\tvirus\tfailed\tnot finite\n"));
  require_balanced({1, 600, 2, 3}, tables.ledger());
}

TEST(PredictionTables, LeavesTheOlderResultsWhenTheRunDoesNotEnd) {
  TemporaryFolder folder;
  folder.write("predictions.tsv", "old");
  {
    PredictionTables tables(folder.path());
    write_record(tables, 0, "r", {kClearVirus});
    tables.finish();
  }
  EXPECT_THAT(folder.names(), testing::ElementsAre("predictions.tsv"));
  EXPECT_EQ(folder.read("predictions.tsv"), "old");
}

TEST(PredictionTables, WritesNothingUnderAFinalNameOnAFullDisk) {
  TemporaryFolder folder;
  EXPECT_THROW(
      {
        PredictionTables tables(folder.path());
        for (std::uint64_t i = 0; i < 1000; ++i) write_record(tables, i, "r", {kClearVirus});
        const FileSizeLimit limit(20'000);
        tables.finish();
      },
      OutputError);
  EXPECT_TRUE(folder.names().empty());
}

TEST(PredictionTables, RefusesRecordsAndChunksOutOfOrder) {
  TemporaryFolder folder;
  PredictionTables tables(folder.path());
  write_record(tables, 2, "first of a shard", {});
  EXPECT_THROW(tables.begin_record({2, "r", 4}), ContractError);
  EXPECT_THROW(tables.begin_record({1, "r", 4}), ContractError);
  tables.begin_record({5, "r", 4});
  EXPECT_THROW(tables.begin_record({6, "s", 4}), ContractError);
  EXPECT_THROW(tables.chunk({1, 0, 4, Outcome::kScored, {}}, kClearVirus), ContractError);
  EXPECT_THROW(tables.chunk({0, 0, 4, Outcome::kNoOrf, {}}, kClearVirus), ContractError);
  EXPECT_THROW(tables.chunk({0, 0, 4, Outcome::kScored, {}}, {}), ContractError);
  EXPECT_THROW(tables.finish(), ContractError);
}

}  // namespace
}  // namespace virnucpro
