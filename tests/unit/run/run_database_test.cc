// What a run's database stores and gives back.
#include "run/run_database.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <limits>
#include <thread>

#include "base/errors.h"
#include "unit/report/temporary_folder.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

using Existing = RunDatabase::Existing;

TEST(RunDatabase, GivesBackWhatItHasStored) {
  const TemporaryFolder folder;
  const std::string id("tab\t\0\xff'\"", 8);
  const std::string expected = fmt::format(
      "record 3 '{}' 700 'pack\xff'\n"
      " chunk 0 of 3: 0 0-500 scored ''\n"
      "  orf 0 of 0: 0 scored 0.75 0.25 ''\n"
      "  orf 1 of 0: 2 scored 0.75 0.25 '' as 0\n"
      "  orf 2 of 0: 5 scored 0.1 1e-45 ''\n"
      " chunk 1 of 3: 1 200-700 failed 'NaN in the embedding'\n"
      "  orf 3 of 1: 1 failed 0 0 'NaN'\n"
      " end failed 'chunk 1'\n"
      "record 9 '' 0 ''\n"
      " end too_short ''\n"
      "record 9223372036854775807 'long' 9223372036854775807 ''\n"
      " chunk 2 of 9223372036854775807: 0 0-9223372036854775807 no_orf ''\n"
      " end no_orf ''\n",
      id);
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    database.begin_record({3, id, 700, bytes_of("pack\xff")});
    database.add_chunk({0, 3, 0, 0, 500, Outcome::kScored, {}});
    database.add_orf({0, 0, 0, Outcome::kScored, 0.75f, 0.25f, {}, {}});
    database.add_orf({1, 0, 2, Outcome::kScored, 0.75f, 0.25f, 0, {}});
    database.add_orf(
        {2, 0, 5, Outcome::kScored, 0.1f, std::numeric_limits<float>::denorm_min(), {}, {}});
    database.add_chunk({1, 3, 1, 200, 700, Outcome::kFailed, "NaN in the embedding"});
    database.add_orf({3, 1, 1, Outcome::kFailed, 0.0f, 0.0f, {}, "NaN"});
    database.end_record(3, Outcome::kFailed, "chunk 1");
    database.begin_record({9, "", 0, {}});
    database.end_record(9, Outcome::kTooShort, {});
    const std::uint64_t most = std::numeric_limits<std::int64_t>::max();
    database.begin_record({most, "long", most, {}});
    database.add_chunk({2, most, 0, 0, most, Outcome::kNoOrf, {}});
    database.end_record(most, Outcome::kNoOrf, {});
    EXPECT_EQ(transcript_of(database), expected) << "before it is committed";
    database.commit();
  }
  const RunDatabase database(folder.path());
  EXPECT_EQ(transcript_of(database), expected);
  EXPECT_EQ(database.work(), kWork);
  EXPECT_EQ(database.extent().records, 3U);
  EXPECT_EQ(database.extent().chunks, 3U);
  EXPECT_EQ(database.extent().orfs, 4U);
}

TEST(RunDatabase, IsOneFileOnceClosed) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    add_small_record(database, 0);
    database.commit();
  }
  EXPECT_EQ(folder.names(), std::set<std::string>{"run.db"});
}

TEST(RunDatabase, GoesOnWhereItStopped) {
  const TemporaryFolder folder;
  std::string expected;
  {
    const TemporaryFolder other;
    RunDatabase database(other.path(), kWork, Existing::kContinue);
    for (std::uint64_t i = 0; i < 5; ++i) add_small_record(database, 2 * i);
    expected = transcript_of(database);
  }
  for (std::uint64_t i = 0; i < 5; ++i) {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    EXPECT_EQ(database.extent().records, i);
    EXPECT_EQ(database.extent().orfs, 2 * i);
    add_small_record(database, 2 * i);
    EXPECT_EQ(database.extent().records, i + 1);
    database.commit();
  }
  EXPECT_EQ(transcript_of(RunDatabase(folder.path())), expected);
}

TEST(RunDatabase, ForgetsWhatWasNotCommitted) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    EXPECT_FALSE(database.has_uncommitted());
    add_small_record(database, 0);
    EXPECT_TRUE(database.has_uncommitted());
    database.commit();
    EXPECT_FALSE(database.has_uncommitted());
    add_small_record(database, 1);
    database.set_text("run.json", "{}");
    database.mark_complete();
  }
  const RunDatabase database(folder.path());
  EXPECT_EQ(database.extent().records, 1U);
  EXPECT_FALSE(database.is_complete());
  EXPECT_EQ(database.text("run.json"), std::nullopt);
}

TEST(RunDatabase, TakesNoRowsAfterTheLast) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    add_small_record(database, 0);
    EXPECT_FALSE(database.is_complete());
    database.mark_complete();
    EXPECT_TRUE(database.is_complete());
    database.commit();
    database.set_text("run.json", "{}");
    database.commit();
    EXPECT_THROW(add_small_record(database, 1), ContractError);
  }
  const RunDatabase database(folder.path());
  EXPECT_TRUE(database.is_complete());
  EXPECT_EQ(database.text("run.json"), "{}");
  EXPECT_EQ(database.extent().records, 1U);
}

TEST(RunDatabase, RefusesRowsOutOfOrder) {
  const auto refuses = [](const std::function<void(RunDatabase&)>& action) {
    const TemporaryFolder folder;
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    add_small_record(database, 4);
    const std::string text = error_of<ContractError>([&] { action(database); });
    EXPECT_EQ(database.extent().records, 0U) << "the transaction is gone";
    EXPECT_THROW(database.commit(), ContractError) << "and nothing can follow it";
    return text.starts_with("internal error: ");
  };
  EXPECT_TRUE(refuses([](RunDatabase& d) { d.begin_record({4, "again", 1, {}}); }));
  EXPECT_TRUE(refuses([](RunDatabase& d) { d.begin_record({3, "earlier", 1, {}}); }));
  EXPECT_TRUE(refuses([](RunDatabase& d) { d.add_chunk({3, 4, 2, 0, 1, Outcome::kNoOrf, {}}); }));
  EXPECT_TRUE(refuses([](RunDatabase& d) { d.add_chunk({2, 5, 0, 0, 1, Outcome::kNoOrf, {}}); }));
  EXPECT_TRUE(refuses([](RunDatabase& d) { d.add_orf(scored_orf(1, 1, 0)); }));
  EXPECT_TRUE(refuses([](RunDatabase& d) { d.add_orf(scored_orf(2, 2, 0)); }));
  EXPECT_TRUE(refuses([](RunDatabase& d) { d.end_record(5, Outcome::kScored, {}); }));
  EXPECT_TRUE(refuses([](RunDatabase& d) {
    d.add_orf({2, 1, 0, Outcome::kScored, std::numeric_limits<float>::quiet_NaN(), 0, {}, {}});
  }));
}

TEST(RunDatabase, RefusesARecordThatIsTooLargeForIt) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  // Only address space: these bytes are never read.
  const std::size_t size = 1'000'000'000;
  void* bytes =
      ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(bytes, MAP_FAILED);
  EXPECT_EQ(
      error_of<InputError>([&] {
        database.begin_record({6, "chr1", 4 * size, {static_cast<const std::byte*>(bytes), size}});
      }),
      "record 7 ('chr1'): 4000000000 bases, 1000000000 bytes when packed, and an id of 4, are "
      "more than the 999999000 bytes that the database of a run takes in one piece. Split the "
      "record.");
  ::munmap(bytes, size);
}

TEST(RunDatabase, ReadsSingleRecordsAndRangesOfOrfs) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  for (std::uint64_t i = 0; i < 3; ++i) add_small_record(database, 10 * i);
  std::string found;
  for (const std::uint64_t ordinal : {10U, 11U, 20U}) {
    database.read_record(ordinal, [&](const StoredRecord& record) {
      found += fmt::format("{} {} {} {};", record.ordinal, record.id, record.length,
                           record.bases.size());
    });
  }
  EXPECT_EQ(found, "10 record 10 600 6;20 record 20 600 6;");
  const auto numbers = [&](std::uint64_t first, std::uint64_t end) {
    std::vector<std::uint64_t> result;
    database.read_orfs(first, end, [&](const StoredOrf& orf) {
      result.push_back(orf.number);
      EXPECT_EQ(Transcript::described(orf),
                Transcript::described(
                    scored_orf(orf.number, orf.number / 2 * 2, orf.number % 2 == 0 ? 0 : 4)));
    });
    return result;
  };
  EXPECT_EQ(numbers(1, 4), (std::vector<std::uint64_t>{1, 2, 3}));
  EXPECT_EQ(numbers(5, ~std::uint64_t{0}), (std::vector<std::uint64_t>{5}));
  EXPECT_TRUE(numbers(3, 3).empty());
  EXPECT_TRUE(numbers(6, 9).empty());
}

TEST(RunDatabase, KeepsEmbeddingsUntilTheyAreDropped) {
  const TemporaryFolder folder;
  const float inf = std::numeric_limits<float>::infinity();
  const auto found_in = [](const RunDatabase& database, std::uint64_t first, std::uint64_t end) {
    std::string found;
    database.read_embeddings(
        first, end, [&](std::uint64_t orf, StoredEncoder encoder, std::span<const float> values) {
          found += fmt::format("{}{}:{};", orf, encoder == StoredEncoder::kEsm2 ? 'e' : 'd',
                               fmt::join(values, ","));
        });
    return found;
  };
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    const std::vector<float> first = {1.5f, -0.0f, 1e-45f};
    const std::vector<float> second = {inf};
    database.put_embedding(7, StoredEncoder::kEsm2, second);
    database.put_embedding(2, StoredEncoder::kEsm2, first);
    database.put_embedding(2, StoredEncoder::kDnabertS, first);
    database.put_embedding(2, StoredEncoder::kDnabertS, second);
    database.put_embedding(1'000'000'000'000, StoredEncoder::kDnabertS, second);
    database.commit();
  }
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  EXPECT_EQ(found_in(database, 0, ~std::uint64_t{0}),
            "2d:inf;2e:1.5,-0,1e-45;7e:inf;1000000000000d:inf;");
  EXPECT_EQ(found_in(database, 2, 7), "2d:inf;2e:1.5,-0,1e-45;");
  EXPECT_EQ(found_in(database, 3, 8), "7e:inf;");
  database.drop_embeddings_before(7);
  EXPECT_EQ(found_in(database, 0, 100), "7e:inf;");
  database.drop_embeddings_before(~std::uint64_t{0});
  EXPECT_EQ(found_in(database, 0, ~std::uint64_t{0}), "");
}

TEST(RunDatabase, KeepsTextsAndSessions) {
  const TemporaryFolder folder;
  const std::string text("line\n\0\xff", 7);
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    EXPECT_TRUE(database.sessions().empty());
    database.begin_session({"2026-01-02T03:04:05Z", "0.1.0", "cpu: 2 threads", 0.0, 0});
    database.update_session(1.5, 20);
    database.begin_session({"2025-01-02T03:04:05Z", "0.1.1", "cpu", 0.0, 0});
    database.update_session(2.5, 3);
    database.update_session(3.5, 4);
    database.set_text("run.json", "old");
    database.set_text("run.json", text);
    database.set_text("", "");
    database.commit();
  }
  const RunDatabase database(folder.path());
  EXPECT_EQ(database.text("run.json"), text);
  EXPECT_EQ(database.text(""), "");
  EXPECT_EQ(database.text("run"), std::nullopt);
  const std::vector<StoredSession> sessions = database.sessions();
  ASSERT_EQ(sessions.size(), 2U);
  EXPECT_EQ(sessions[0].started_at, "2026-01-02T03:04:05Z");
  EXPECT_EQ(sessions[0].seconds, 1.5);
  EXPECT_EQ(sessions[0].orfs_computed, 20U);
  EXPECT_EQ(sessions[1].program_version, "0.1.1");
  EXPECT_EQ(sessions[1].device, "cpu");
  EXPECT_EQ(sessions[1].seconds, 3.5);
}

TEST(RunDatabase, MayBeUsedByManyThreads) {
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < 200; ++i) {
      add_small_record(database, i);
      if (i % 10 == 0) database.commit();
    }
  });
  std::thread embedder([&] {
    const std::vector<float> values(16, 1.0f);
    for (std::uint64_t i = 0; i < 400; ++i) database.put_embedding(i, StoredEncoder::kEsm2, values);
  });
  std::uint64_t seen = 0;
  while (seen < 400) {
    std::uint64_t now = 0;
    database.read_orfs(0, 400, [&](const StoredOrf&) { ++now; });
    EXPECT_GE(now, seen);
    seen = now;
  }
  writer.join();
  embedder.join();
  EXPECT_EQ(database.extent().records, 200U);
}

TEST(RunDatabase, LetsAVisitorLookUpSomethingElse) {
  class Curious final : public StoredRunVisitor {
   public:
    explicit Curious(const RunDatabase& database) : database_(database) {}
    void begin_record(const StoredRecord& record) override {
      database_.read_record(record.ordinal, [&](const StoredRecord& again) {
        EXPECT_EQ(again.id, record.id);
        ++found;
      });
    }
    void chunk(const StoredChunk&, std::span<const StoredOrf> orfs) override {
      for (const StoredOrf& orf : orfs) {
        database_.read_orfs(orf.number, orf.number + 1, [&](const StoredOrf&) { ++found; });
      }
    }
    void end_record(Outcome, std::string_view) override {}
    int found = 0;

   private:
    const RunDatabase& database_;
  };
  const TemporaryFolder folder;
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  for (std::uint64_t i = 0; i < 3; ++i) add_small_record(database, i);
  Curious visitor(database);
  database.visit(visitor);
  EXPECT_EQ(visitor.found, 9);
}

TEST(RunDatabase, VisitsInStepsAsInOneGo) {
  const TemporaryFolder folders[] = {TemporaryFolder(), TemporaryFolder()};
  for (const TemporaryFolder& folder : folders) {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    for (std::uint64_t ordinal = 0; ordinal < 3; ++ordinal) add_small_record(database, ordinal);
    database.commit();
  }
  const RunDatabase first(folders[0].path());
  const RunDatabase second(folders[1].path());
  Transcript in_steps[2];
  const auto step_first = first.visit_in_steps();
  const auto step_second = second.visit_in_steps();
  for (int record = 0; record < 3; ++record) {  // side by side
    EXPECT_TRUE(step_first(in_steps[0]));
    EXPECT_TRUE(step_second(in_steps[1]));
  }
  for (int again = 0; again < 2; ++again) {
    EXPECT_FALSE(step_first(in_steps[0]));
    EXPECT_FALSE(step_second(in_steps[1]));
  }
  EXPECT_EQ(in_steps[0].text, transcript_of(first));
  EXPECT_EQ(in_steps[1].text, transcript_of(second));
}

TEST(RunDatabase, IsVisitedInPartsThatEndAmidARecord) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, RunDatabase::Existing::kContinue);
    add_small_record(database, 0);
    database.begin_record({1, "long", 100'000, bytes_of("packed")});
    for (std::uint64_t index = 0; index < 1000; ++index) {
      const std::uint64_t number = database.extent().chunks;
      database.add_chunk({number, 1, index, 100 * index, 100 * index + 100, Outcome::kScored, {}});
      database.add_orf(scored_orf(database.extent().orfs, number, 2));
    }
    database.end_record(1, Outcome::kScored, {});
    for (std::uint64_t ordinal = 2; ordinal < 200; ++ordinal) add_small_record(database, ordinal);
    database.mark_complete();
    database.commit();
  }
  const RunDatabase database(folder.path());
  Transcript in_parts;
  const auto part = database.visit_in_parts();
  int parts = 0;
  for (; part(in_parts); ++parts) EXPECT_NE(transcript_of(database), "") << "others take a turn";
  EXPECT_GT(parts, 10);
  EXPECT_FALSE(part(in_parts));
  EXPECT_EQ(in_parts.text, transcript_of(database));
}

}  // namespace
}  // namespace virnucpro
