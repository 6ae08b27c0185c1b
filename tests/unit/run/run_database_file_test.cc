// The file of a run's database: who may open it, whose work it holds, and what a kill leaves.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <utility>

#include "base/errors.h"
#include "run/run_database.h"
#include "run/schema.h"
#include "run/sqlite_handles.h"
#include "unit/report/temporary_folder.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

using Existing = RunDatabase::Existing;

constexpr const char* kRepair =
    " The same 'virnucpro predict' with --repair computes again what is damaged; --force throws it "
    "away.";
constexpr const char* kWhatToDo = " Choose another folder with -o, or throw it away with --force.";

void make_run_of_one_record(const TemporaryFolder& folder) {
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  add_small_record(database, 0);
  database.commit();
}

std::string refusal(const TemporaryFolder& folder) {
  return error_of<InputError>([&] { RunDatabase(folder.path(), kWork, Existing::kContinue); });
}

bool has_sqlite3() { return std::system("sqlite3 -version > /dev/null 2>&1") == 0; }

/// What the stock program prints for a statement, errors included.
std::string sqlite3_says(const TemporaryFolder& folder, const std::string& statement) {
  const std::string command = "sqlite3 '" + folder.file("run.db") + "' \"" + statement + "\" > '" +
                              folder.file("said") + "' 2>&1";
  if (std::system(command.c_str()) < 0) ADD_FAILURE() << command;
  std::string said = folder.read("said");
  std::filesystem::remove(folder.file("said"));
  return said;
}

TEST(RunDatabaseFile, NamesEachDifferenceOfOtherWork) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(),
                         {{"input 1", "a.fa"},
                          {"input 2", "b.fa"},
                          {"expected length", "300"},
                          {"precision", "fp16"}},
                         Existing::kContinue);
    add_small_record(database, 0);
    database.commit();
  }
  const std::string text = error_of<ConfigError>([&] {
    RunDatabase(
        folder.path(),
        {{"precision", "fp16"}, {"expected length", "500"}, {"input 1", "c.fa"}, {"new", ""}},
        Existing::kContinue);
  });
  EXPECT_EQ(text,
            folder.file("run.db") +
                ": holds other work than what is asked for now (input 1: a.fa there, c.fa "
                "now; input 2: b.fa there, nothing now; expected length: 300 there, 500 now; "
                "new: nothing there,  now). Choose another folder with -o, or throw away what "
                "is there with --force.");
}

TEST(RunDatabaseFile, StartsOverWhateverIsThere) {
  const TemporaryFolder folder;
  make_run_of_one_record(folder);
  const std::vector<RunFact> other = {{"precision", "fp32"}};
  {
    RunDatabase database(folder.path(), other, Existing::kStartOver);
    EXPECT_EQ(database.work(), other);
    EXPECT_EQ(database.extent().records, 0U);
    EXPECT_EQ(transcript_of(database), "");
    add_small_record(database, 7);
    database.commit();
  }
  EXPECT_EQ(RunDatabase(folder.path(), other, Existing::kContinue).extent().records, 1U);
  for (const char* garbage :
       {"", "x", "not a database, and long enough to have a header of one "}) {
    std::string text;
    while (!std::string_view(garbage).empty() && text.size() < 5000) text += garbage;
    folder.write("run.db", text);
    RunDatabase database(folder.path(), kWork, Existing::kStartOver);
    EXPECT_EQ(database.work(), kWork);
    add_small_record(database, 7);
    database.commit();
    EXPECT_NE(transcript_of(database), "");
  }
}

TEST(RunDatabaseFile, StartsOverADamagedOne) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    for (std::uint64_t i = 0; i < 2000; ++i) add_small_record(database, i);
    database.commit();
  }
  std::string bytes = folder.read("run.db");
  ASSERT_GT(bytes.size(), 100'000U);
  std::fill(bytes.begin() + 16, bytes.end() - 5000, '\x5a');
  folder.write("run.db", bytes);
  EXPECT_TRUE(
      refusal(folder).starts_with(folder.file("run.db") + ": expected the database of a run"));
  {
    RunDatabase database(folder.path(), kWork, Existing::kStartOver);
    add_small_record(database, 0);
    database.commit();
  }
  EXPECT_EQ(RunDatabase(folder.path(), kWork, Existing::kContinue).extent().records, 1U);
  EXPECT_LT(std::filesystem::file_size(folder.file("run.db")), 100'000U);
}

TEST(RunDatabaseFile, RefusesAFileThatIsNoDatabase) {
  const TemporaryFolder folder;
  folder.write("run.db", std::string(10'000, 'x'));
  EXPECT_EQ(refusal(folder),
            folder.file("run.db") +
                ": expected the database of a run, found a damaged or foreign file "
                "(file is not a database, code 26)." +
                kRepair);
  EXPECT_EQ(folder.read("run.db"), std::string(10'000, 'x')) << "and leaves it alone";
  std::filesystem::remove(folder.file("run.db"));
  std::filesystem::create_directory(folder.file("run.db"));
  EXPECT_EQ(refusal(folder),
            folder.file("run.db") +
                ": expected the database of a run, found something that is no file." + kWhatToDo);
}

TEST(RunDatabaseFile, RefusesDatabasesOfOtherProgramsAndVersions) {
  if (!has_sqlite3()) GTEST_SKIP() << "the program sqlite3 is not installed";
  const TemporaryFolder folder;
  sqlite3_says(folder, "CREATE TABLE t(x)");
  EXPECT_EQ(refusal(folder), folder.file("run.db") +
                                 ": expected the database of a run, found a database of another "
                                 "program (application id 0x0)." +
                                 kWhatToDo);
  std::filesystem::remove(folder.file("run.db"));
  make_run_of_one_record(folder);
  sqlite3_says(folder, "PRAGMA user_version=1");
  EXPECT_EQ(refusal(folder), folder.file("run.db") +
                                 ": expected the database of a run, found one of version 1, where "
                                 "this program knows version 3." +
                                 kWhatToDo);
  sqlite3_says(folder,
               "PRAGMA user_version=3; CREATE TRIGGER t INSERT ON orfs BEGIN SELECT 1; END");
  EXPECT_EQ(refusal(folder),
            folder.file("run.db") +
                ": expected the database of a run, found more tables than those of "
                "its version." +
                kRepair);
  sqlite3_says(folder, "DROP TRIGGER t; DROP TABLE texts");
  EXPECT_EQ(refusal(folder),
            folder.file("run.db") +
                ": expected the database of a run, found other tables than those of "
                "its version." +
                kRepair);
}

TEST(RunDatabaseFile, IsMadeAnewWhereAProcessWasKilledWhileItMadeOne) {
  // Each statement is one that a process may be killed after.
  for (const char* sql : {"", "PRAGMA journal_mode=WAL",
                          "PRAGMA journal_mode=WAL; BEGIN IMMEDIATE; "
                          "CREATE TABLE outcomes(code)"}) {
    const TemporaryFolder folder;
    const std::string path = folder.file("run.db");
    folder.write("run.db", "");
    ASSERT_EQ(in_another_process([&]() -> int {
                const SqliteConnection connection(path, path, SQLITE_OPEN_READWRITE);
                connection.execute("PRAGMA locking_mode=EXCLUSIVE");
                connection.execute(sql);
                ::_exit(0);
              }),
              0);
    make_run_of_one_record(folder);
    EXPECT_EQ(RunDatabase(folder.path(), kWork, Existing::kContinue).extent().records, 1U) << sql;
  }
}

TEST(RunDatabaseFile, MustExistWhereItIsOnlyRead) {
  const TemporaryFolder folder;
  EXPECT_FALSE(RunDatabase::exists(folder.path()));
  EXPECT_EQ(
      error_of<InputError>([&] { RunDatabase database(folder.path()); }),
      folder.path() + ": there is no run.db in this folder. Name the output folder of a run.");
  EXPECT_TRUE(folder.names().empty());
  folder.write("run.db", "");
  EXPECT_FALSE(RunDatabase::exists(folder.path()));
  EXPECT_EQ(error_of<InputError>([&] { RunDatabase database(folder.path()); }),
            folder.file("run.db") +
                ": expected the database of a run, found a file without its tables." + kWhatToDo);
  make_run_of_one_record(folder);
  EXPECT_TRUE(RunDatabase::exists(folder.path()));
  EXPECT_EQ(RunDatabase(folder.path()).work(), kWork);
}

TEST(RunDatabaseFile, MustHaveAFolder) {
  const TemporaryFolder folder;
  const std::string text =
      error_of<OutputError>([&] { RunDatabase(folder.file("none"), kWork, Existing::kContinue); });
  EXPECT_EQ(text, folder.file("none") +
                      "/run.db: cannot create: No such file or directory (error 2). Check that its "
                      "folder exists.");
}

/// Another process that has the database open, and is killed at the end.
class OtherRun {
 public:
  explicit OtherRun(const TemporaryFolder& folder) {
    child_ = ::fork();
    if (child_ == 0) {
      RunDatabase database(folder.path(), kWork, Existing::kContinue);
      add_small_record(database, database.extent().records);
      database.commit();
      add_small_record(database, database.extent().records);
      folder.write("ready", "");
      for (;;) ::pause();
    }
    while (!std::filesystem::exists(folder.file("ready"))) ::usleep(1000);
    std::filesystem::remove(folder.file("ready"));
  }
  ~OtherRun() { kill(); }
  OtherRun(const OtherRun&) = delete;
  OtherRun& operator=(const OtherRun&) = delete;

  void kill() {
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(std::exchange(child_, 0), nullptr, 0);
  }

 private:
  ::pid_t child_ = 0;
};

TEST(RunDatabaseFile, BelongsToOneProcessAtATime) {
  const TemporaryFolder folder;
  const std::string locked = "another run is working in this folder: " + folder.file("run.db") +
                             " is locked. Wait for it, or choose another folder with -o.";
  const auto refusal_of = [&](Existing existing) {
    return error_of<ConfigError>([&] { RunDatabase(folder.path(), kWork, existing); });
  };
  OtherRun other(folder);
  EXPECT_EQ(refusal_of(Existing::kContinue), locked);
  EXPECT_EQ(refusal_of(Existing::kStartOver), locked);
  EXPECT_EQ(error_of<ConfigError>([&] { RunDatabase database(folder.path()); }), locked);
  EXPECT_TRUE(RunDatabase::exists(folder.path()));
  other.kill();
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  EXPECT_EQ(database.extent().records, 1U);
  EXPECT_EQ(refusal_of(Existing::kContinue), locked) << "in the same process";
  EXPECT_EQ(refusal_of(Existing::kStartOver), locked);
  add_small_record(database, 1);
  database.commit();
  EXPECT_EQ(database.extent().records, 2U);
}

TEST(RunDatabaseFile, HasOneOwnerWhenManyStartAtOnce) {
  constexpr int kChildren = 6;
  for (int round = 0; round < 3; ++round) {
    const TemporaryFolder folder;
    if (round == 2) folder.write("run.db", std::string(9000, 'x'));
    const Existing existing = round == 0 ? Existing::kContinue : Existing::kStartOver;
    std::array<int, 2> pipe;
    ASSERT_EQ(::pipe(pipe.data()), 0);
    for (int i = 0; i < kChildren; ++i) {
      const ::pid_t child = ::fork();
      ASSERT_GE(child, 0);
      if (child == 0) {
        ::close(pipe[1]);
        ::alarm(20);  // two owners would wait for each other
        int code = 1;
        try {
          RunDatabase database(folder.path(), kWork, existing);
          add_small_record(database, 0);
          database.commit();
          char none;
          const bool others_ended = ::read(pipe[0], &none, 1) == 0;
          code =
              others_ended && database.extent().records == 1 && transcript_of(database).size() > 100
                  ? 0
                  : 2;
        } catch (const ConfigError&) {
          code = 3;
        } catch (const std::exception& error) {
          ::fprintf(stderr, "%s\n", error.what());
        }
        ::_exit(code);
      }
    }
    ::close(pipe[0]);
    int owners = 0;
    for (int ended = 0; ended < kChildren; ++ended) {
      if (ended == kChildren - 1) ::close(pipe[1]);  // only the owner is left
      int status = 0;
      ASSERT_GT(::wait(&status), 0);
      ASSERT_TRUE(WIFEXITED(status));
      EXPECT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 3) << WEXITSTATUS(status);
      owners += WEXITSTATUS(status) == 0 ? 1 : 0;
    }
    EXPECT_EQ(owners, 1) << "round " << round;
  }
}

TEST(RunDatabaseFile, HoldsWhatWasCommittedBeforeAKillAndNothingElse) {
  const TemporaryFolder folder;
  std::string expected;
  for (std::uint64_t kills = 0; kills < 4; ++kills) {
    ASSERT_EQ(in_another_process([&]() -> int {
                RunDatabase database(folder.path(), kWork, Existing::kContinue);
                if (database.extent().records != kills) return 1;
                add_small_record(database, kills);
                database.put_embedding(kills, StoredEncoder::kEsm2, std::vector<float>{1.0f});
                database.commit();
                // More than fits into the cache, so that uncommitted pages get into the files.
                const std::vector<float> large(300'000, 2.0f);
                for (std::uint64_t i = 100; i < 140; ++i) {
                  database.put_embedding(i, StoredEncoder::kEsm2, large);
                }
                database.put_embedding(0, StoredEncoder::kEsm2, std::vector<float>{3.0f});
                add_small_record(database, 99);
                ::_exit(0);
              }),
              0);
    if (has_sqlite3() && kills % 2 == 0) {
      EXPECT_EQ(sqlite3_says(folder, "PRAGMA integrity_check"), "ok\n");
    }
    const RunDatabase database(folder.path());
    EXPECT_EQ(database.extent().records, kills + 1);
    std::uint64_t embeddings = 0;
    database.read_embeddings(0, ~std::uint64_t{0},
                             [&](std::uint64_t orf, StoredEncoder, std::span<const float> values) {
                               EXPECT_EQ(orf, embeddings);
                               EXPECT_EQ(values[0], 1.0f);
                               ++embeddings;
                             });
    EXPECT_EQ(embeddings, kills + 1);
  }
}

TEST(RunDatabaseFile, SurvivesSigkillAtAnyMoment) {
  const TemporaryFolder folder;
  std::uint64_t last = 0;
  for (int kills = 0; kills < 25; ++kills) {
    const ::pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      RunDatabase database(folder.path(), kWork, Existing::kContinue);
      for (;;) {
        const std::uint64_t record = database.extent().records;
        for (std::uint64_t i = 0; i < 50; ++i) add_small_record(database, record + i);
        database.commit();
      }
    }
    ::usleep(static_cast<useconds_t>(kills * 4000));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    const std::uint64_t records = database.extent().records;
    EXPECT_GE(records, last);
    EXPECT_EQ(records % 50, 0U) << "half a transaction";
    EXPECT_EQ(database.extent().orfs, 2 * records);
    EXPECT_NO_THROW(transcript_of(database));
    last = records;
  }
  EXPECT_GT(last, 0U);
  if (has_sqlite3()) {
    EXPECT_EQ(sqlite3_says(folder, "PRAGMA integrity_check"), "ok\n");
  }
}

TEST(RunDatabaseFile, CanBeReadWithTheStockProgram) {
  if (!has_sqlite3()) GTEST_SKIP() << "the program sqlite3 is not installed";
  const TemporaryFolder folder;
  make_run_of_one_record(folder);
  EXPECT_EQ(sqlite3_says(folder, "SELECT * FROM predictions"),
            "record 0|1|1|0|500|+|F1|0.333333343267441||\n"
            "record 0|1|1|0|500|-|R2|0.25||\n");
  EXPECT_EQ(sqlite3_says(folder, "SELECT * FROM contigs"), "record 0|1|600|||||||||scored|\n");
  EXPECT_EQ(sqlite3_says(folder, "SELECT * FROM regions"), "");
  EXPECT_EQ(sqlite3_says(folder, "SELECT * FROM account"), "0|record 0|600|scored|\n");
  EXPECT_EQ(sqlite3_says(folder, "SELECT name, value FROM work"),
            "input 1 sha256|9f86d0\nexpected length|500\n");
  EXPECT_EQ(sqlite3_says(folder, "SELECT * FROM outcomes"),
            "0|scored\n1|no_orf\n2|too_short\n3|failed\n");
  EXPECT_EQ(sqlite3_says(folder, "PRAGMA integrity_check"), "ok\n");
  const RunDatabase database(folder.path());
  EXPECT_NE(sqlite3_says(folder, "SELECT * FROM account").find("database is locked"),
            std::string::npos);
}

TEST(RunDatabaseFile, HasTheResultsOfACompleteRunInItsViews) {
  if (!has_sqlite3()) GTEST_SKIP() << "the program sqlite3 is not installed";
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    add_small_record(database, 0);
    EXPECT_THROW(database.clear_results(), ContractError);
  }
  std::filesystem::remove(folder.file("run.db"));
  for (const double p : {0.25, 0.75}) {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    if (!database.is_complete()) {
      add_small_record(database, 0);
      database.mark_complete();
      database.commit();
    }
    database.clear_results();
    database.add_result(ChunkResult{0, p, 1});
    database.add_result(RecordResult{0, "\\x00", 2, 1, 2, 1, p, 2 * p, {}, p > 0.5});
    database.add_result(RegionResult{1, 0, 0, 500, "start", 1, 1, p});
    database.commit();
    EXPECT_NO_THROW(transcript_of(database));
  }
  EXPECT_EQ(sqlite3_says(folder, "SELECT * FROM predictions"),
            "\\x00|1|1|0|500|+|F1|0.333333343267441|0.75|virus\n"
            "\\x00|1|1|0|500|-|R2|0.25|0.75|others\n");
  EXPECT_EQ(sqlite3_says(folder, "SELECT * FROM contigs"),
            "\\x00|1|600|2|1|2|1|0.75|1.5||virus|scored|\n");
  EXPECT_EQ(sqlite3_says(folder, "SELECT * FROM regions"), "\\x00|1|1|0|500|start|1|1|0.75\n");
}

TEST(RunDatabaseFile, OfTheVersionWithoutResultsIsReadAndGetsThem) {
  if (!has_sqlite3()) GTEST_SKIP() << "the program sqlite3 is not installed";
  const TemporaryFolder folder;
  make_run_of_one_record(folder);
  std::string old =
      "DROP VIEW predictions; DROP VIEW contigs; DROP VIEW regions; DROP VIEW account; "
      "DROP TABLE record_results; DROP TABLE chunk_results; DROP TABLE region_results;";
  for (const char* sql : result_tables(kOldSchemaVersion)) old.append(sql).append(";");
  EXPECT_EQ(sqlite3_says(folder, old + "PRAGMA user_version=2"), "");
  {
    const RunDatabase database(folder.path());
    EXPECT_EQ(database.extent().records, 1U);
    EXPECT_NO_THROW(transcript_of(database));
  }
  EXPECT_EQ(sqlite3_says(folder, "PRAGMA user_version"), "2\n") << "only read";
  EXPECT_EQ(RunDatabase(folder.path(), kWork, Existing::kContinue).extent().records, 1U);
  EXPECT_EQ(sqlite3_says(folder, "PRAGMA user_version"), "3\n");
  EXPECT_EQ(sqlite3_says(folder, "SELECT count(*) FROM contigs"), "1\n");
  EXPECT_EQ(RunDatabase(folder.path(), kWork, Existing::kContinue).extent().records, 1U);
}

}  // namespace
}  // namespace virnucpro
