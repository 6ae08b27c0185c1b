#include "run/run_state.h"

#include "base/format.h"
#include "run/stored_row_reader.h"

namespace virnucpro {

RunState read_run_state(const SqliteConnection& connection) {
  SqliteStatement statement(
      connection,
      "SELECT id, records, chunks, orfs, complete, (SELECT max(ordinal) FROM records), "
      "(SELECT max(number) FROM chunks), (SELECT max(number) FROM orfs), "
      "(SELECT outcome IS NULL FROM records ORDER BY ordinal DESC LIMIT 1) FROM progress");
  if (!statement.step()) fail_damaged(connection.path(), "an empty table progress");
  const StoredRowReader reader(statement, "progress");
  RunState state;
  state.extent = {reader.count(1, "records"), reader.count(2, "chunks"), reader.count(3, "orfs")};
  state.complete = reader.count(4, "complete") != 0;
  state.last_record = reader.optional_count(5, "the last record");
  const auto last_chunk = reader.optional_count(6, "the last chunk");
  const auto last_orf = reader.optional_count(7, "the last ORF");
  state.is_open = reader.optional_count(8, "an open record").value_or(0) != 0;
  const std::uint64_t most_records = state.last_record ? *state.last_record + 1 : 0;
  const std::uint64_t chunks = last_chunk ? *last_chunk + 1 : 0;
  const std::uint64_t orfs = last_orf ? *last_orf + 1 : 0;
  if (state.extent.records > most_records || (most_records > 0 && state.extent.records == 0) ||
      state.extent.chunks != chunks || state.extent.orfs != orfs) {
    reader.fail(fmt::format("{} records, {} chunks and {} ORFs, where the tables end at {}, {}, {}",
                            state.extent.records, state.extent.chunks, state.extent.orfs,
                            most_records, chunks, orfs));
  }
  return state;
}

}  // namespace virnucpro
