// Rows that do not fit together, and files with bytes that are not what they were.
#include <gtest/gtest.h>

#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/errors.h"
#include "fuzz/write_ahead_log.h"
#include "run/run_database.h"
#include "run/sqlite_handles.h"
#include "unit/report/temporary_folder.h"
#include "unit/run/test_rows.h"

namespace virnucpro {
namespace {

using Existing = RunDatabase::Existing;

/// Two records of two chunks: ORFs 0 and 1 in chunk 0, 2 and 3 in chunk 2.
void make_small_run(const TemporaryFolder& folder) {
  RunDatabase database(folder.path(), kWork, Existing::kContinue);
  add_small_record(database, 0);
  add_small_record(database, 5);
  database.put_embedding(3, StoredEncoder::kEsm2, std::vector<float>{1.0f});
  database.begin_session({"2026-01-02T03:04:05Z", "0.1.0", "cpu", 0.0, 0});
  database.set_text("a", "b c");
  database.commit();
}

/// The message about another checksum.
constexpr const char* kChecksum = "another checksum than it was stored with";
constexpr const char* kSmallTables =
    "the tables work, progress, sessions, texts and outcomes with another checksum than they were "
    "stored with";

/// The fault found in a run after `sql`, without the file and the advice around it; "in" comes
/// before it where the message names the record.
std::string found_after(const std::string& sql) {
  const TemporaryFolder folder;
  make_small_run(folder);
  const std::string path = folder.file("run.db");
  SqliteConnection(path, path, SQLITE_OPEN_READWRITE).execute(sql.c_str());
  std::string text = error_of<InputError>([&] {
    const RunDatabase database(folder.path());
    transcript_of(database);
    database.read_embeddings(0, 100, [](std::uint64_t, StoredEncoder, std::span<const float>) {});
    database.sessions();
  });
  const std::string before = path + ": expected the database of a run, found ";
  const std::string after =
      ". The same 'virnucpro predict' with --repair computes again what is damaged; --force throws "
      "it away.";
  if (!text.starts_with(before) || !text.ends_with(after)) return text;
  text = text.substr(before.size(), text.size() - before.size() - after.size());
  for (const char* record :
       {"record 1 ('record 0') damaged: ", "record 6 ('record 5') damaged: "}) {
    if (text.starts_with(record)) return "in " + text.substr(std::string_view(record).size());
  }
  return text;
}

TEST(RunDatabaseDamage, IsNotSeenWhereThereIsNone) {
  EXPECT_EQ(found_after("UPDATE records SET length = length"), "no error");
}

TEST(RunDatabaseDamage, IsToldWithTheRecordAndWhatToDo) {
  const TemporaryFolder folder;
  make_small_run(folder);
  const std::string path = folder.file("run.db");
  SqliteConnection(path, path, SQLITE_OPEN_READWRITE)
      .execute("UPDATE orfs SET p_virus = 0.125 WHERE number = 3");
  EXPECT_EQ(error_of<InputError>([&] { transcript_of(RunDatabase(folder.path())); }),
            path +
                ": expected the database of a run, found record 6 ('record 5') damaged: table "
                "chunks, row 2: another checksum than it was stored with. The same 'virnucpro "
                "predict' with --repair computes again what is damaged; --force throws it away.");
}

TEST(RunDatabaseDamage, OfValuesThatWouldPassIsFoundByTheirChecksums) {
  const auto in_row = [](const char* table, int row) {
    return fmt::format("in table {}, row {}: {}", table, row, kChecksum);
  };
  for (const char* sql : {"UPDATE records SET length = 601 WHERE ordinal = 0",
                          "UPDATE records SET digest = zeroblob(16) WHERE ordinal = 0",
                          "UPDATE records SET outcome = 3 WHERE ordinal = 0",
                          "UPDATE records SET reason = 'x' WHERE ordinal = 0",
                          "UPDATE bases SET packed = x'616161' WHERE record = 0"}) {
    EXPECT_EQ(found_after(sql), in_row("records", 0)) << sql;
  }
  EXPECT_EQ(found_after("UPDATE records SET id = x'611b' WHERE ordinal = 0"),
            "record 1 ('a?') damaged: table records, row 0: " + std::string(kChecksum));
  EXPECT_EQ(found_after("UPDATE records SET ordinal = 3 WHERE ordinal = 0; "
                        "UPDATE bases SET record = 3 WHERE record = 0; "
                        "UPDATE chunks SET record = 3 WHERE record = 0"),
            "record 4 ('record 0') damaged: table records, row 3: " + std::string(kChecksum));
  for (const char* sql :
       {"UPDATE chunks SET start = 1 WHERE number = 0",
        "UPDATE chunks SET stop = 499 WHERE number = 0",
        "UPDATE chunks SET reason = 'x' WHERE number = 0",
        "UPDATE orfs SET p_virus = 0.125 WHERE number = 1",
        "UPDATE orfs SET p_others = p_virus, p_virus = p_others WHERE number = 1",
        "UPDATE orfs SET frame = 3 WHERE number = 1",
        "UPDATE orfs SET same_as = 0 WHERE number = 1",
        "UPDATE orfs SET outcome = 3, p_virus = NULL, p_others = NULL WHERE number = 1",
        "UPDATE orfs SET reason = 'x' WHERE number = 1"}) {
    EXPECT_EQ(found_after(sql), in_row("chunks", 0)) << sql;
  }
  for (const char* sql :
       {"DELETE FROM work WHERE position = 0", "UPDATE work SET value = '501' WHERE position = 1",
        "UPDATE work SET position = 7 - position", "UPDATE progress SET complete = 1",
        "UPDATE progress SET total = zeroblob(16)", "DELETE FROM sessions",
        "UPDATE sessions SET seconds = 1.0", "UPDATE texts SET text = 'b'",
        "UPDATE texts SET name = 'b'", "DELETE FROM texts", "INSERT INTO texts VALUES ('b', 'c')",
        "UPDATE outcomes SET name = 'x' WHERE code = 1"}) {
    EXPECT_EQ(found_after(sql).find(kSmallTables), 0U) << sql << found_after(sql);
  }
  EXPECT_EQ(found_after("UPDATE embeddings SET vector = x'00000000'"),
            fmt::format("table embeddings, row 7: {}", kChecksum));
  EXPECT_EQ(found_after("UPDATE embeddings SET key = 5"),
            fmt::format("table embeddings, row 5: {}", kChecksum));
}

TEST(RunDatabaseDamage, OfRowsOfAnotherRunIsFound) {
  const TemporaryFolder folder;
  make_small_run(folder);
  const TemporaryFolder other;
  {
    RunDatabase database(other.path(), {{"input 1 sha256", "other"}}, Existing::kContinue);
    add_small_record(database, 0);
    add_small_record(database, 5);
    database.commit();
  }
  const std::string path = folder.file("run.db");
  SqliteConnection(path, path, SQLITE_OPEN_READWRITE)
      .execute(("ATTACH '" + other.file("run.db") +
                "' AS other; DELETE FROM main.chunks; INSERT INTO main.chunks SELECT * FROM "
                "other.chunks; DETACH other")
                   .c_str());
  EXPECT_NE(error_of<InputError>([&] {
              transcript_of(RunDatabase(folder.path()));
            }).find("table chunks, row 0: another checksum"),
            std::string::npos);
}

TEST(RunDatabaseDamage, IsFoundInTheNumbersOfRows) {
  EXPECT_EQ(found_after("DELETE FROM records WHERE ordinal = 0"),
            "in table records, row 5: " + std::string(kChecksum));
  EXPECT_EQ(found_after("DELETE FROM chunks WHERE number = 1"),
            "in table chunks, row 2: expected the number 1");
  EXPECT_EQ(found_after("DELETE FROM orfs WHERE number = 0"),
            "table orfs, row 1: expected the number 0");
  EXPECT_EQ(
      found_after("DELETE FROM orfs WHERE number = 3"),
      "table progress, row 1: 2 records, 4 chunks and 4 ORFs, where the tables end at 6, 4, 3");
  EXPECT_EQ(found_after("DELETE FROM progress"), "an empty table progress");
  EXPECT_EQ(found_after("UPDATE progress SET records = -1"),
            "table progress, row 1: '-1' as records, expected a number from 0");
  EXPECT_EQ(found_after("INSERT INTO records VALUES (3, x'', 0, zeroblob(16), 2, NULL, NULL); "
                        "INSERT INTO bases VALUES (3, x'')"),
            "record 4 ('') damaged: table records, row 3: " + std::string(kChecksum));
  EXPECT_EQ(found_after("UPDATE chunks SET number = -1 WHERE number = 0"),
            "table chunks, row -1: -1 as its number");
}

TEST(RunDatabaseDamage, IsFoundInRecords) {
  EXPECT_EQ(found_after("UPDATE records SET outcome = 4"),
            "in table records, row 0: 4 as outcome, expected 0 to 3");
  EXPECT_EQ(found_after("UPDATE records SET outcome = NULL WHERE ordinal = 5"),
            "in table records, row 5: no outcome");
  EXPECT_EQ(found_after("UPDATE records SET length = -600"),
            "table records, row 0: '-600' as length, expected a number from 0");
  EXPECT_EQ(found_after("DELETE FROM bases WHERE record = 5"),
            "table records, row 5: '' as packed bases, expected bytes");
}

TEST(RunDatabaseDamage, IsFoundInChunks) {
  EXPECT_EQ(found_after("UPDATE chunks SET record = 5 WHERE number = 0"),
            "in table records, row 0: " + std::string(kChecksum));
  EXPECT_EQ(found_after("UPDATE chunks SET record = 4 WHERE number = 3"),
            "in table records, row 5: " + std::string(kChecksum));
  EXPECT_EQ(found_after("UPDATE chunks SET chunk = 7 WHERE number = 1"),
            "in table chunks, row 1: expected chunk 1 of its record");
  EXPECT_EQ(found_after("UPDATE chunks SET stop = 601 WHERE number = 1"),
            "in table chunks, row 1: bases 100 to 601 of a record of 600");
  EXPECT_EQ(found_after("UPDATE chunks SET start = 500 WHERE number = 0"),
            "in table chunks, row 0: bases 500 to 500 of a record of 600");
  EXPECT_EQ(found_after("UPDATE chunks SET outcome = 0 WHERE number = 1"),
            "in table chunks, row 1: the outcome scored with 0 ORFs, without scores");
  EXPECT_EQ(found_after("UPDATE chunks SET outcome = 1 WHERE number = 0"),
            "in table chunks, row 0: the outcome no_orf with 2 ORFs, with scores");
}

TEST(RunDatabaseDamage, IsFoundInOrfs) {
  EXPECT_EQ(found_after("UPDATE orfs SET chunk = 1 WHERE number = 1"),
            "in table chunks, row 0: " + std::string(kChecksum));
  EXPECT_EQ(found_after("UPDATE orfs SET chunk = 9 WHERE number = 3"),
            "in table chunks, row 2: " + std::string(kChecksum));
  EXPECT_EQ(found_after("UPDATE orfs SET frame = 6 WHERE number = 1"),
            "in table orfs, row 1: 6 as frame, expected 0 to 5");
  EXPECT_EQ(found_after("UPDATE orfs SET frame = 0 WHERE number = 3"),
            "in table orfs, row 3: frame 0 after frame 0");
  EXPECT_EQ(found_after("UPDATE orfs SET outcome = 1 WHERE number = 3"),
            "in table orfs, row 3: the outcome no_orf, expected scored or failed");
  EXPECT_EQ(found_after("UPDATE orfs SET outcome = 3 WHERE number = 3"),
            "in table orfs, row 3: scores of an ORF that failed");
  EXPECT_EQ(found_after("UPDATE orfs SET p_virus = NULL WHERE number = 2"),
            "in table orfs, row 2: '' as p_virus, expected a float from 0 to 1");
  EXPECT_EQ(found_after("UPDATE orfs SET p_others = 1.5 WHERE number = 2"),
            "in table orfs, row 2: '1.5' as p_others, expected a float from 0 to 1");
  EXPECT_EQ(found_after("UPDATE orfs SET p_virus = 9e999 WHERE number = 2"),
            "in table orfs, row 2: 'Inf' as p_virus, expected a float from 0 to 1");
  EXPECT_EQ(found_after("UPDATE orfs SET p_virus = 0.1 WHERE number = 2"),
            "in table orfs, row 2: '0.1' as p_virus, expected a float from 0 to 1");
  EXPECT_EQ(found_after("UPDATE orfs SET same_as = 2 WHERE number = 2"),
            "in table orfs, row 2: 2 as same_as, expected an earlier row");
}

TEST(RunDatabaseDamage, IsFoundInEmbeddingsAndSessions) {
  EXPECT_EQ(found_after("UPDATE embeddings SET vector = x'000000'"),
            "table embeddings, row 7: a vector of 3 bytes");
  EXPECT_EQ(found_after("UPDATE embeddings SET vector = x''"),
            "table embeddings, row 7: a vector of 0 bytes");
  EXPECT_EQ(found_after("UPDATE sessions SET seconds = -1"), kSmallTables);
}

TEST(RunDatabaseDamage, IsToldFromAShortMemory) {
  const TemporaryFolder folder;
  std::filesystem::copy_file(VIRNUCPRO_SOURCE_DIR "/tests/fuzz/seeds/run_database/out_of_memory.db",
                             folder.file("run.db"));
  EXPECT_EQ(
      error_of<InputError>([&] { RunDatabase database(folder.path()); }),
      folder.file("run.db") +
          ": expected the database of a run, found a damaged file, unless the memory is short "
          "(out of memory). The same 'virnucpro predict' with --repair computes again what is "
          "damaged; --force throws it away.");
}

TEST(RunDatabaseDamage, OfALogOfAnotherFormatIsToldAndGoesWithForce) {
  const TemporaryFolder folder;
  make_small_run(folder);
  // The header of a log of pages of 512 bytes, and something after it, which SQLite asks for.
  std::vector<std::uint8_t> log = {0x37, 0x7f, 0x06, 0x82, 0x00, 0x2d, 0xe2, 0x19, 0, 0, 2, 0};
  log.resize(33);
  log = fuzz::with_right_checksums(log);
  folder.write("run.db-wal", std::string(log.begin(), log.end()));
  const std::string expected =
      folder.file("run.db") +
      ": expected the database of a run, found a log of another format beside it. Choose another "
      "folder with -o, or throw it away with --force.";
  EXPECT_EQ(error_of<InputError>([&] { RunDatabase(folder.path()); }), expected);
  EXPECT_EQ(error_of<InputError>([&] { RunDatabase(folder.path(), kWork, Existing::kContinue); }),
            expected);
  const RunDatabase database(folder.path(), kWork, Existing::kStartOver);
  EXPECT_EQ(database.extent().records, 0u);
}

TEST(RunDatabaseDamage, NeverEndsInAnythingButOurErrors) {
  const TemporaryFolder folder;
  {
    RunDatabase database(folder.path(), kWork, Existing::kContinue);
    for (std::uint64_t i = 0; i < 100; ++i) add_small_record(database, i);
    database.commit();
  }
  const std::string good = folder.read("run.db");
  std::mt19937 random(3);
  int refused = 0;
  for (int i = 0; i < 400; ++i) {
    std::string bytes = good;
    for (std::size_t change = 0; change < 1 + random() % 8; ++change) {
      // The first page, with the tables' definitions, more often than the others.
      const std::size_t range = random() % 3 == 0 ? 4096 : bytes.size();
      bytes[random() % range] = static_cast<char>(random());
    }
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    folder.write("run.db", bytes);
    try {
      const RunDatabase database(folder.path());
      transcript_of(database);
      database.sessions();
      database.work();
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 100);
}

}  // namespace
}  // namespace virnucpro
