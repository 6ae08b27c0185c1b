// Taking a session back, and databases that hold nothing.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/errors.h"
#include "run/run_database.h"
#include "unit/report/temporary_folder.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

using Existing = RunDatabase::Existing;

const std::vector<RunFact> kOtherWork = {{"input 1 sha256", "0000"}, {"expected length", "500"}};

std::string embeddings_of(const RunDatabase& database) {
  std::string text;
  database.read_embeddings(
      0, ~std::uint64_t{0},
      [&](std::uint64_t orf, StoredEncoder encoder, std::span<const float> values) {
        text += fmt::format("{} {} {};", orf, static_cast<int>(encoder), values.size());
      });
  return text;
}

/// One whole record and one that has begun, an embedding of a row that is there and one of a row
/// that is not, a session and a text.
void make_first_session(const TemporaryFolder& folder) {
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  database.begin_session({"2026-01-02T03:04:05Z", "0.1.0", "cpu", 1.0, 2});
  add_small_record(database, 0);
  database.begin_record({3, "open", 600, bytes_of("packed")});
  database.add_chunk({2, 3, 0, 0, 500, Outcome::kScored, {}});
  database.add_orf(scored_orf(2, 2, 1));
  database.put_embedding(0, StoredEncoder::kEsm2, std::vector<float>{1.0f});
  database.put_embedding(7, StoredEncoder::kEsm2, std::vector<float>{1.0f});
  database.set_text("calls", "first");
  database.commit();
}

void add_second_session(RunDatabase& database) {
  database.begin_session({"2026-01-03T03:04:05Z", "0.1.0", "cpu", 0.0, 0});
  database.set_text("calls", "second");
  database.set_text("run.json", "{}");
  database.set_text("run.json", "{ }");
  database.add_chunk({3, 3, 1, 100, 600, Outcome::kNoOrf, {}});
  database.end_record(3, Outcome::kScored, {});
  database.commit();
  add_small_record(database, 9);
  database.put_embedding(3, StoredEncoder::kDnabertS, std::vector<float>{1.0f, 2.0f});
  database.update_session(3.0, 4);
  database.mark_complete();
  database.commit();
  database.set_text("calls", "third");
}

void expect_first_session(RunDatabase& database) {
  EXPECT_EQ(database.extent().records, 2U);
  EXPECT_EQ(database.extent().chunks, 3U);
  EXPECT_EQ(database.extent().orfs, 3U);
  EXPECT_FALSE(database.is_complete());
  EXPECT_EQ(embeddings_of(database), "0 1 1;") << "those without a row go, too";
  EXPECT_EQ(database.sessions().size(), 1U);
  EXPECT_EQ(database.text("calls"), "first");
  EXPECT_EQ(database.text("run.json"), std::nullopt);
}

TEST(RunDatabaseUndo, TakesBackASessionAndNothingElse) {
  const TemporaryFolder folder;
  make_first_session(folder);
  std::string expected;
  {
    const TemporaryFolder undisturbed;
    make_first_session(undisturbed);
    RunDatabase database(undisturbed.path(), kWork, Existing::kContinue);
    add_second_session(database);
    expected = transcript_of(database);
  }
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    add_second_session(database);
    database.undo_session();
    expect_first_session(database);
    EXPECT_FALSE(database.has_uncommitted());
  }
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  expect_first_session(database);
  add_second_session(database);
  EXPECT_EQ(transcript_of(database), expected) << "the record is open again";
}

TEST(RunDatabaseUndo, IsDurableOnReturn) {
  const TemporaryFolder folder;
  make_first_session(folder);
  ASSERT_EQ(in_another_process([&]() -> int {
              RunDatabase database(folder.path(), kWork, Existing::kContinue);
              add_second_session(database);
              database.undo_session();
              ::_exit(0);
            }),
            0);
  RunDatabase database(folder.path());
  expect_first_session(database);
}

TEST(RunDatabaseUndo, WorksAfterAnErrorAndBeforeTheNextSession) {
  const TemporaryFolder folder;
  make_first_session(folder);
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  add_second_session(database);
  EXPECT_THROW(database.add_chunk({99, 3, 0, 0, 1, Outcome::kNoOrf, {}}), ContractError);
  database.undo_session();
  expect_first_session(database);
  EXPECT_THROW(database.set_text("calls", "x"), ContractError) << "the error stays";
}

TEST(RunDatabaseUndo, OfTheFirstSessionLeavesNothing) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    EXPECT_TRUE(database.holds_nothing());
    add_small_record(database, 0);
    database.begin_session({"2026-01-02T03:04:05Z", "0.1.0", "cpu", 1.0, 2});
    database.commit();
    EXPECT_FALSE(database.holds_nothing());
    database.undo_session();
    EXPECT_TRUE(database.holds_nothing());
    EXPECT_EQ(transcript_of(database), "");
    add_small_record(database, 0);
    database.commit();
    database.undo_session();
  }
  RunDatabase database(folder.path(), kOtherWork, Existing::kContinue);
  EXPECT_EQ(database.work(), kOtherWork);
  EXPECT_TRUE(database.sessions().empty());
}

TEST(RunDatabaseUndo, NothingGivesWayAndSomethingDoesNot) {
  const auto gives_way_after = [](const std::function<void(RunDatabase&)>& action) {
    const TemporaryFolder folder;
    {
      RunDatabase database(folder.path(), kWork, Existing::kContinue);
      database.begin_session({"2026-01-02T03:04:05Z", "0.1.0", "cpu", 1.0, 2});
      database.set_text("calls", "x");
      action(database);
      database.commit();
    }
    try {
      RunDatabase database(folder.path(), kOtherWork, Existing::kContinue);
      EXPECT_EQ(database.work(), kOtherWork);
      EXPECT_EQ(database.text("calls"), std::nullopt);
      EXPECT_TRUE(database.sessions().empty());
      add_small_record(database, 1);
      database.commit();
      return true;
    } catch (const ConfigError&) {
      EXPECT_EQ(RunDatabase(folder.path()).work(), kWork);
      return false;
    }
  };
  EXPECT_TRUE(gives_way_after([](RunDatabase&) {}));
  EXPECT_FALSE(gives_way_after([](RunDatabase& d) { add_small_record(d, 0); }));
  EXPECT_FALSE(gives_way_after([](RunDatabase& d) {
    d.put_embedding(0, StoredEncoder::kEsm2, std::vector<float>{1.0f});
  })) << "it took a batch of a large model";
  EXPECT_FALSE(gives_way_after([](RunDatabase& d) { d.mark_complete(); }))
      << "the result of an empty input is a result";
}

TEST(RunDatabaseUndo, FilesOfNothingAreRemovedAndOthersAreNot) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    database.set_text("calls", "x");
    database.discard_if_empty();
  }
  EXPECT_TRUE(folder.names().empty());
  make_first_session(folder);
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    database.discard_if_empty();
  }
  EXPECT_EQ(RunDatabase(folder.path()).extent().records, 2U);
}

TEST(RunDatabaseUndo, FilesOfOthersUnderTheSameNameStay) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    std::filesystem::remove(folder.file("run.db"));
    folder.write("run.db", "of somebody else");
    database.discard_if_empty();
  }
  EXPECT_EQ(folder.read("run.db"), "of somebody else");
}

TEST(RunDatabaseUndo, FilesHaveTheModeThatTheUmaskGives) {
  const auto mode_of = [](const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
    return status.st_mode & 0777;
  };
  for (const ::mode_t mask : {0027, 0002, 0077}) {
    const TemporaryFolder folder;
    EXPECT_EQ(in_another_process([&] {
                ::umask(mask);
                RunDatabase database(folder.path(), kWork, Existing::kContinue);
                add_small_record(database, 0);
                database.commit();
                return mode_of(folder.file("run.db")) == (0666U & ~mask) &&
                               mode_of(folder.file("run.db-wal")) == (0666U & ~mask)
                           ? 0
                           : 1;
              }),
              0)
        << mask;
  }
}

}  // namespace
}  // namespace virnucpro
