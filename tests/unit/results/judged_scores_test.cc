// Scores of a stored run for an evaluation: they are the thresholds of the rules.
#include "results/judged_scores.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/errors.h"
#include "calls/call_rule.h"
#include "unit/report/temporary_folder.h"
#include "unit/results/stored_bases.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

using testing::HasSubstr;

/// The scores of one chunk's frames; none: no open frame.
using ChunkScores = std::vector<float>;

void add_record(RunDatabase& database, const std::string& id,
                const std::vector<ChunkScores>& chunks) {
  const std::uint64_t ordinal = database.extent().records;
  std::string bases;
  for (const ChunkScores& chunk : chunks) bases += bases_open_in(first_frames(chunk.size()), 500);
  const std::vector<std::byte> bytes = packed(bases);
  database.begin_record({ordinal, id, bases.size(), bytes});
  Outcome of_record = Outcome::kNoOrf;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const std::uint64_t number = database.extent().chunks;
    const Outcome outcome = chunks[i].empty() ? Outcome::kNoOrf : Outcome::kScored;
    database.add_chunk({number, ordinal, i, 500 * i, 500 * (i + 1), outcome, {}});
    if (outcome == Outcome::kScored) of_record = outcome;
    for (std::size_t frame = 0; frame < chunks[i].size(); ++frame) {
      StoredOrf orf;
      orf.number = database.extent().orfs;
      orf.chunk = number;
      orf.frame = static_cast<std::uint8_t>(frame);
      orf.p_virus = chunks[i][frame];
      orf.p_others = 1.0f - orf.p_virus;
      database.add_orf(orf);
    }
  }
  database.end_record(ordinal, of_record, {});
}

bool is_viral(const ChunkScores& chunk, double threshold) {
  LargestScores largest;
  for (const float p_virus : chunk) largest.add({1.0f - p_virus, p_virus});
  return CallRule{threshold}.is_viral_chunk(largest);
}

bool is_viral(const std::vector<ChunkScores>& chunks, double threshold) {
  std::uint64_t scored = 0;
  std::uint64_t viral = 0;
  for (const ChunkScores& chunk : chunks) {
    if (chunk.empty()) continue;
    ++scored;
    viral += is_viral(chunk, threshold) ? 1 : 0;
  }
  return is_viral_record(viral, scored);
}

/// The records 0, 1 ...: a virus and another one in turn.
LabelTable labels_of(std::size_t records) {
  LabelTable table;
  table.groups = {"virus", "other"};
  for (std::uint32_t i = 0; i < records; ++i) {
    table.labels[std::to_string(i)] = {i % 2 == 0, i % 2, i};
  }
  table.sources = static_cast<std::uint32_t>(records);
  return table;
}

TEST(JudgedScores, AreTheThresholdsUpToWhichTheRulesCallViral) {
  const TemporaryFolder folder;
  std::mt19937 random(11);
  std::vector<std::vector<ChunkScores>> records;
  {
    RunDatabase database(folder.path(), kWork, RunDatabase::Existing::kContinue);
    for (int i = 0; i < 60; ++i) {
      std::vector<ChunkScores> chunks(1 + random() % 6);
      for (ChunkScores& chunk : chunks) {
        chunk.resize(random() % 4);
        for (float& score : chunk) score = static_cast<float>(random() % 1001) / 1000.0f;
      }
      chunks.front() = {static_cast<float>(random() % 1001) / 1000.0f};
      add_record(database, std::to_string(i), chunks);
      records.push_back(chunks);
    }
    database.mark_complete();
    database.commit();
  }
  const JudgedScores scores =
      collect_judged_scores(RunDatabase(folder.path()), labels_of(60), "evaluate");
  ASSERT_EQ(scores.contigs.size(), records.size());
  std::size_t fragment = 0;
  constexpr double kStep = 1e-6;  // scores lie further apart
  for (std::size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(scores.contigs[i].is_virus, i % 2 == 0);
    EXPECT_EQ(scores.contigs[i].length, 500 * records[i].size());
    EXPECT_TRUE(is_viral(records[i], scores.contigs[i].score - kStep)) << i;
    EXPECT_FALSE(is_viral(records[i], scores.contigs[i].score + kStep)) << i;
    for (const ChunkScores& chunk : records[i]) {
      if (chunk.empty()) continue;
      const double score = scores.fragments.at(fragment++).score;
      EXPECT_TRUE(is_viral(chunk, score - kStep)) << i;
      EXPECT_FALSE(is_viral(chunk, score + kStep)) << i;
      if (chunk.size() == 1) {
        EXPECT_NEAR(score, chunk[0], 1e-7);
      }
    }
  }
  EXPECT_EQ(fragment, scores.fragments.size());
}

TEST(JudgedScores, CountWhatHasNoScoreAndWhatHasNoLabel) {
  const TemporaryFolder folder;
  LabelTable table = labels_of(3);
  table.labels["absent"] = {true, 0, 3};
  RunDatabase database(folder.path(), kWork, RunDatabase::Existing::kContinue);
  EXPECT_THAT(error_of<InputError>([&] { collect_judged_scores(database, table, "evaluate"); }),
              HasSubstr("the run is not finished: 0 records, 0 chunks and 0 frames so far. Run the "
                        "same 'virnucpro predict' again to go on with it, then evaluate."));
  add_record(database, "0", {{0.9f}, {}, {0.2f, 0.8f}});
  add_record(database, "2", {{}, {}});
  add_record(database, "1", {{}});
  add_record(database, "new", {{0.5f}});
  add_record(database, "newer", {{0.5f}});
  database.mark_complete();
  const JudgedScores scores = collect_judged_scores(database, table, "evaluate");
  EXPECT_EQ(scores.fragments.size(), 2U);
  EXPECT_EQ(scores.contigs.size(), 1U);
  ASSERT_EQ(scores.contig_chunks.size(), 1U);
  EXPECT_EQ(scores.contig_chunks[0].scored, 2U);
  EXPECT_EQ(scores.contig_chunks[0].all, 3U);
  EXPECT_EQ(scores.unscored_fragments.viruses, 3U);
  EXPECT_EQ(scores.unscored_fragments.others, 1U);
  EXPECT_EQ(scores.unscored_contigs.viruses, 1U);
  EXPECT_EQ(scores.unscored_contigs.others, 1U);
  ASSERT_EQ(scores.unscored_fragments.items.size(), 4U);
  EXPECT_EQ(scores.unscored_contigs.items.size(), 2U);
  for (const JudgedItem& item : scores.unscored_fragments.items) EXPECT_EQ(item.score, 0.0);
  EXPECT_EQ(scores.unscored_contigs.items[0].length, 1000U);
  EXPECT_TRUE(scores.unscored_contigs.items[0].is_virus);
  ASSERT_EQ(scores.readings.size(), 2U);
  EXPECT_EQ(scores.readings[0].length, 500U);
  EXPECT_FALSE(scores.readings[0].is_run);
  EXPECT_EQ(scores.left_out.unlabelled_records, 2U);
  EXPECT_EQ(scores.left_out.first_unlabelled, "new");
  EXPECT_EQ(scores.left_out.unused_labels, 1U);
  LabelTable others;
  others.groups = {"virus"};
  others.labels = {{"elsewhere", {true, 0, 0}}};
  EXPECT_THAT(error_of<InputError>([&] { collect_judged_scores(database, others, "evaluate"); }),
              HasSubstr("none of its 5 records is in the table of labels, whose column id must "
                        "have the names that the input files give them, such as '0'."));
  std::stop_source source;
  source.request_stop();
  EXPECT_THROW(collect_judged_scores(database, table, "evaluate", source.get_token()), Interrupted);
}

TEST(JudgedScores, RefuseALabelThatTwoRecordsCouldHave) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kWork, RunDatabase::Existing::kContinue);
  for (const char* id : {"0", "new", "1", "new", "0_1", "0"}) add_record(database, id, {{0.5f}});
  database.mark_complete();
  EXPECT_EQ(
      error_of<InputError>([&] { collect_judged_scores(database, labels_of(2), "evaluate"); }),
      database.path() +
          ": record 6: an earlier record has the id '0' too, and a label stands for one "
          "record. Name each input once, and give records ids of their own.");
}

}  // namespace
}  // namespace virnucpro
