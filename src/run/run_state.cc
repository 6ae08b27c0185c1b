#include "run/run_state.h"

#include "base/counted.h"
#include "base/format.h"
#include "run/row_digests.h"
#include "run/stored_row_reader.h"

namespace virnucpro {
namespace {

/// Adds every value of every row.
void add_rows(DigestMaker& maker, const SqliteConnection& connection, const char* sql) {
  SqliteStatement row(connection, sql);
  std::uint64_t rows = 0;
  for (; row.step(); ++rows) {
    const int columns = sqlite3_column_count(row.get());
    for (int i = 0; i < columns; ++i) {
      maker.add(static_cast<std::uint64_t>(row.type(i)));
      if (row.type(i) == SQLITE_INTEGER) {
        maker.add(static_cast<std::uint64_t>(row.integer(i)));
      } else if (row.type(i) == SQLITE_FLOAT) {
        maker.add(row.real(i));
      } else {
        maker.add(row.text(i));
      }
    }
  }
  maker.add(rows);
}

Digest digest_of(const SqliteConnection& connection, const std::vector<RunFact>& work,
                 const RunState& state) {
  DigestMaker maker;
  maker.add(virnucpro::digest_of(work)).add(state.extent.records).add(state.extent.chunks);
  maker.add(state.extent.orfs).add(std::uint64_t{state.complete ? 1U : 0U}).add(state.total);
  add_rows(maker, connection, "SELECT * FROM sessions ORDER BY number");
  add_rows(maker, connection, "SELECT name, text FROM texts ORDER BY name");
  add_rows(maker, connection, "SELECT code, name FROM outcomes ORDER BY code");
  return maker.finish();
}

}  // namespace

RunState read_run_state(const SqliteConnection& connection, const std::vector<RunFact>& work) {
  SqliteStatement statement(
      connection,
      "SELECT id, records, chunks, orfs, complete, (SELECT max(ordinal) FROM records), "
      "(SELECT max(number) FROM chunks), (SELECT max(number) FROM orfs), total, digest, "
      "(SELECT CASE WHEN outcome IS NULL THEN digest END FROM records ORDER BY ordinal DESC "
      "LIMIT 1) FROM progress");
  if (!statement.step()) fail_damaged(connection.path(), "an empty table progress");
  const StoredRowReader reader(statement, "progress");
  RunState state;
  state.extent = {reader.count(1, "records"), reader.count(2, "chunks"), reader.count(3, "orfs")};
  state.complete = reader.count(4, "complete") != 0;
  state.last_record = reader.optional_count(5, "the last record");
  const auto last_chunk = reader.optional_count(6, "the last chunk");
  const auto last_orf = reader.optional_count(7, "the last ORF");
  state.total = reader.digest(8, "total");
  const Digest digest = reader.digest(9, "digest");
  if (statement.type(10) != SQLITE_NULL) state.open_head = reader.digest(10, "an open record");
  const std::uint64_t most_records = state.last_record ? *state.last_record + 1 : 0;
  const std::uint64_t chunks = last_chunk ? *last_chunk + 1 : 0;
  const std::uint64_t orfs = last_orf ? *last_orf + 1 : 0;
  if (state.extent.records > most_records || (most_records > 0 && state.extent.records == 0) ||
      state.extent.chunks != chunks || state.extent.orfs != orfs) {
    reader.fail(fmt::format("{}, {} and {}, where the tables end at {}, {}, {}",
                            counted(state.extent.records, "record"),
                            counted(state.extent.chunks, "chunk"),
                            counted(state.extent.orfs, "ORF"), most_records, chunks, orfs));
  }
  if (digest != digest_of(connection, work, state)) {
    fail_damaged(connection.path(),
                 "the tables work, progress, sessions, texts and outcomes with another checksum "
                 "than they were stored with");
  }
  if (state.complete && state.open_head) reader.fail("complete, with a record that has not ended");
  return state;
}

void write_run_state(const SqliteConnection& connection, const std::vector<RunFact>& work,
                     const RunState& state) {
  const Digest digest = digest_of(connection, work, state);
  SqliteStatement(connection,
                  "UPDATE progress SET records = ?1, chunks = ?2, orfs = ?3, complete = ?4, "
                  "total = ?5, digest = ?6")
      .bind(1, state.extent.records)
      .bind(2, state.extent.chunks)
      .bind(3, state.extent.orfs)
      .bind(4, std::uint64_t{state.complete ? 1U : 0U})
      .bind(5, state.total.bytes())
      .bind(6, digest.bytes())
      .run();
}

}  // namespace virnucpro
