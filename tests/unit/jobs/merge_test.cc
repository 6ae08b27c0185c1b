// Merging on the level of rows: numbers, repeats, and databases that do not belong together.
#include "jobs/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/errors.h"
#include "base/format.h"
#include "report/run_report.h"
#include "results/run_facts.h"
#include "results/shards.h"
#include "support/work_steps.h"
#include "unit/report/temporary_folder.h"
#include "unit/results/stored_bases.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::vector<RunFact> work_of(std::uint64_t shard, std::uint64_t shards) {
  return {{"input 1", "a stream"},
          {kLengthFact, "500"},
          {kShardFact, fmt::format("{}/{}", shard, shards)},
          {kEmbeddingsFact, "yes"}};
}

/// Writes rows as a run does, with repeats of ORFs within one database.
class Rows {
 public:
  Rows(const std::string& folder, std::uint64_t shard, std::uint64_t shards)
      : database_(folder, work_of(shard, shards), RunDatabase::Existing::kStartOver) {
    database_.begin_session({"start", "1", fmt::format("device of {}", shard), 1.0, shard});
  }

  /// Record `ordinal` has ordinal % 4 chunks; each has two ORFs, and the first of each but the
  /// first chunk repeats the first ORF of the database.
  void add(std::uint64_t ordinal) {
    FrameMask open;
    open.insert(Frame::kF1);
    open.insert(Frame::kR1);
    std::string bases;
    for (std::uint64_t i = 0; i < ordinal % 4; ++i) bases += bases_open_in(open, 500);
    const std::vector<std::byte> bytes = packed(bases);
    database_.begin_record({ordinal, fmt::format("r{}", ordinal), bases.size(), bytes});
    for (std::uint64_t index = 0; index < ordinal % 4; ++index) {
      const StoredExtent at = database_.extent();
      database_.add_chunk(
          {at.chunks, ordinal, index, 500 * index, 500 * (index + 1), Outcome::kScored, {}});
      for (std::uint64_t k = 0; k < 2; ++k) {
        StoredOrf orf = scored_orf(at.orfs + k, at.chunks, static_cast<std::uint8_t>(3 * k));
        orf.p_virus = static_cast<float>(8 * ordinal + 2 * index + k) / 1024.0f;
        if (at.orfs == 0 && k == 0) first_score_ = orf.p_virus;
        if (at.orfs > 0 && k == 0) {
          orf.same_as = 0;
          orf.p_virus = first_score_;
        }
        orf.p_others = 1.0f - orf.p_virus;
        database_.add_orf(orf);
        if (orf.same_as) continue;
        const float values[] = {orf.p_virus, 1.0f};
        database_.put_embedding(orf.number, StoredEncoder::kDnabertS, values);
        database_.put_embedding(orf.number, StoredEncoder::kEsm2, std::span(values).first(1));
      }
    }
    database_.end_record(ordinal, ordinal % 4 > 0 ? Outcome::kScored : Outcome::kTooShort, {});
  }

  void finish() {
    RunReport report;
    report.inputs.resize(1);
    database_.set_text(kRunFile, run_json(report));
    database_.mark_complete();
    commit();
  }
  void commit() { database_.commit(); }

 private:
  RunDatabase database_;
  float first_score_ = 0.0f;
};

/// The content of a merged database; a repeat shows the scores of its original.
std::string content_of(const std::string& folder) {
  const RunDatabase database(folder);
  std::string text = transcript_of(database);
  database.read_embeddings(0, database.extent().orfs,
                           [&](std::uint64_t orf, StoredEncoder encoder, std::span<const float> v) {
                             text += fmt::format("{} {} {}\n", orf, static_cast<int>(encoder),
                                                 fmt::join(v, " "));
                           });
  return text;
}

class MergeRows : public testing::Test {
 protected:
  /// Folders of `shards` databases of `records` together.
  std::vector<std::string> write_shards(std::uint64_t shards, std::uint64_t records) {
    std::vector<std::string> folders;
    for (std::uint64_t shard = 1; shard <= shards; ++shard) {
      folders.push_back(folder.file(fmt::format("{}", shard)));
      std::filesystem::create_directories(folders.back());
      Rows rows(folders.back(), shard, shards);
      for (std::uint64_t i = shard - 1; i < records; i += shards) rows.add(i);
      rows.finish();
    }
    return folders;
  }

  std::string error_of(const std::vector<std::string>& folders) {
    try {
      merge_shards({folders, folder.file("out"), false, {}}, Log());
    } catch (const ConfigError& error) {
      return std::string("ConfigError ") + error.what();
    } catch (const InputError& error) {
      return std::string("InputError ") + error.what();
    }
    return "no error";
  }

  TemporaryFolder folder;
};

TEST_F(MergeRows, NumbersRowsAnewAndMovesRepeatsAndEmbeddings) {
  for (const std::uint64_t shards : {1u, 3u}) {
    const std::vector<std::string> folders = write_shards(shards, 11);
    merge_shards({folders, folder.file("out"), true, {}}, Log());
    const RunDatabase merged(folder.file("out"));
    EXPECT_TRUE(merged.is_complete());
    EXPECT_EQ(merged.work(), work_of(1, 1));
    EXPECT_EQ(merged.extent().records, 11u);
    ASSERT_EQ(merged.sessions().size(), shards);
    EXPECT_EQ(merged.sessions().back().device, fmt::format("device of {}", shards));
    // The first ORF of each shard, by the score that it has: what its repeats must name.
    std::vector<std::uint64_t> first_orf(shards, ~std::uint64_t{0});
    std::uint64_t repeats = 0;
    std::uint64_t own = 0;
    merged.read_orfs(0, merged.extent().orfs, [&](const StoredOrf& orf) {
      const auto ordinal = static_cast<std::uint64_t>(orf.p_virus * 1024.0f) / 8;
      std::uint64_t& first = first_orf[ordinal % shards];
      if (first == ~std::uint64_t{0}) first = orf.number;
      own += orf.same_as ? 0 : 1;
      if (!orf.same_as) return;
      EXPECT_EQ(*orf.same_as, first) << orf.number;
      ++repeats;
    });
    EXPECT_GT(repeats, 5u);
    std::uint64_t embeddings = 0;
    merged.read_embeddings(0, merged.extent().orfs,
                           [&](std::uint64_t number, StoredEncoder, std::span<const float> values) {
                             ++embeddings;
                             merged.read_orfs(number, number + 1, [&](const StoredOrf& orf) {
                               EXPECT_EQ(values[0], orf.p_virus) << number;
                             });
                           });
    EXPECT_EQ(embeddings, 2 * own);
  }
}

TEST_F(MergeRows, TellsOfEveryRecordTwice) {
  test::WorkSteps steps;
  merge_shards({write_shards(3, 11), folder.file("out"), false, {}}, Log(), {}, steps.progress());
  EXPECT_THAT(steps.ends(), testing::ElementsAre("merging 11/11", "writing tables 11/11"));
}

TEST_F(MergeRows, GivesTheSameRowsEveryTime) {
  const std::vector<std::string> folders = write_shards(3, 11);
  merge_shards({folders, folder.file("out"), false, {}}, Log());
  const std::string expected = content_of(folder.file("out"));
  merge_shards({{folders[2], folders[0], folders[1]}, folder.file("again"), false, {}}, Log());
  EXPECT_EQ(content_of(folder.file("again")), expected);
}

TEST_F(MergeRows, LeavesNothingWhenItIsBrokenOff) {
  const std::vector<std::string> folders = write_shards(2, 9);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_THROW(merge_shards({folders, folder.file("out"), false, {}}, Log(), stop.get_token()),
               Interrupted);
  EXPECT_FALSE(std::filesystem::exists(folder.file("out")));
  merge_shards({folders, folder.file("out"), false, {}}, Log());
  EXPECT_EQ(RunDatabase(folder.file("out")).extent().records, 9u);
}

TEST_F(MergeRows, LeavesAnUnfinishedRunOfTheWholeAlone) {
  const std::vector<std::string> folders = write_shards(2, 9);
  std::filesystem::create_directories(folder.file("out"));
  {
    Rows whole(folder.file("out"), 1, 1);
    whole.add(0);
    whole.commit();
  }
  EXPECT_THAT(error_of(folders), HasSubstr("computed by 'virnucpro predict' in part"));
  EXPECT_EQ(RunDatabase(folder.file("out")).extent().records, 1u);
}

TEST_F(MergeRows, NamesUnfinishedShards) {
  const std::vector<std::string> folders = write_shards(3, 9);
  for (const std::uint64_t shard : {1u, 3u}) {
    Rows rows(folders[shard - 1], shard, 3);
    rows.add(shard - 1);
    rows.commit();
  }
  EXPECT_EQ(error_of(folders),
            fmt::format("InputError shards that are not finished: {} (shard 1/3: 1 record, 0 "
                        "chunks and 0 frames so far), {} (shard 3/3: 1 record, 2 chunks and 4 "
                        "frames so far). Run the same 'virnucpro predict' again for each of them, "
                        "then merge.",
                        folders[0], folders[2]));
  EXPECT_FALSE(std::filesystem::exists(folder.file("out")));
}

TEST_F(MergeRows, RefusesShardsThatDoNotShareTheRecordsEvenly) {
  const std::vector<std::string> folders = write_shards(2, 9);
  {
    Rows rows(folders[0], 1, 2);
    for (const std::uint64_t ordinal : {0u, 2u, 4u}) rows.add(ordinal);
    rows.finish();
  }
  EXPECT_THAT(error_of(folders), AllOf(HasSubstr("InputError " + folders[0]),
                                       HasSubstr("shard 1/2 has 3 records, expected 4 of 7")));
}

TEST_F(MergeRows, RefusesAShardWithOtherRecordsThanItsOwn) {
  const std::vector<std::string> folders = write_shards(2, 6);
  {
    Rows rows(folders[1], 2, 2);
    for (const std::uint64_t ordinal : {1u, 3u, 6u}) rows.add(ordinal);
    rows.finish();
  }
  EXPECT_THAT(error_of(folders),
              AllOf(HasSubstr("InputError " + folders[1] + "/run.db"),
                    HasSubstr("record 6 where record 5 was expected of shard 2/2")));
  EXPECT_FALSE(std::filesystem::exists(folder.file("out")));
}

TEST_F(MergeRows, RefusesADatabaseThatNamesNoShard) {
  const std::vector<std::string> folders = write_shards(1, 2);
  for (const char* name : {"", "1", "0/2", "3/2", "1/0", "x/y", "1/2/3", "1/99999999999"}) {
    {
      RunDatabase(folders[0], {{kShardFact, name}, {kEmbeddingsFact, "no"}},
                  RunDatabase::Existing::kStartOver);
    }
    EXPECT_THAT(error_of(folders), HasSubstr(fmt::format("'{}' as its shard", name)));
  }
  { RunDatabase(folders[0], {{"input 1", "x"}}, RunDatabase::Existing::kStartOver); }
  EXPECT_THAT(error_of(folders), HasSubstr("nothing of its shard"));
}

}  // namespace
}  // namespace virnucpro
