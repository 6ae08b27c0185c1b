#include "run/stored_run_walk.h"

#include <limits>

#include "base/as_text.h"
#include "base/format.h"
#include "run/stored_row_reader.h"

namespace virnucpro {
NumberedRows::NumberedRows(const SqliteConnection& connection, const char* table,
                           const std::string& columns)
    : table_(table),
      statement_(connection,
                 fmt::format("SELECT {} FROM {} ORDER BY number", columns, table).c_str()) {
  advance();
}

void NumberedRows::advance() {
  has_row_ = statement_.step();
  if (!has_row_) return;
  const StoredRowReader reader(statement_, table_);
  if (reader.number() != next_) reader.fail(fmt::format("expected the number {}", next_));
  ++next_;
}

StoredRunWalk::StoredRunWalk(const SqliteConnection& connection, const Digest& work,
                             const RunState& state, Ends ends)
    : connection_(connection),
      state_(state),
      ends_(ends),
      digests_(work),
      records_(
          connection,
          "SELECT ordinal, id, length, packed, outcome, reason, digest, end_digest FROM records "
          "LEFT JOIN bases ON bases.record = records.ordinal ORDER BY ordinal"),
      chunks_(connection, "chunks", kChunkColumns),
      orfs_(connection, "orfs", kOrfColumns) {}

bool StoredRunWalk::next(StoredRunVisitor& visitor) {
  std::size_t rows = std::numeric_limits<std::size_t>::max();
  return visit_record(visitor, rows);
}

bool StoredRunWalk::next_part(StoredRunVisitor& visitor, std::size_t rows) {
  while (rows > 0) {
    if (!visit_record(visitor, rows)) return false;
  }
  return true;
}

void StoredRunWalk::require_end() const {
  if (chunks_.has_row()) {
    StoredRowReader(chunks_.row(), "chunks").fail("a record that is not there, or out of order");
  }
  if (orfs_.has_row()) {
    StoredRowReader(orfs_.row(), "orfs").fail("a chunk that is not there, or out of order");
  }
  expect(passed_records_, state_.extent.records, "records");
  expect(chunks_.passed(), state_.extent.chunks, "chunks");
  expect(orfs_.passed(), state_.extent.orfs, "orfs");
  if (total_ != state_.total) {
    fail_damaged(connection_.path(), "rows that are each in order, but not those of this run");
  }
}

void StoredRunWalk::expect(std::uint64_t found, std::uint64_t expected, const char* table) const {
  if (found == expected) return;
  fail_damaged(connection_.path(),
               fmt::format("table {} with {} rows, expected {}", table, found, expected));
}

/// Takes what it visits from `rows`, which are at least one.
bool StoredRunWalk::visit_record(StoredRunVisitor& visitor, std::size_t& rows) {
  if (has_ended_) return false;
  if (!is_in_record_ && !records_.step()) {
    has_ended_ = true;
    require_end();
    return false;
  }
  const StoredRowReader reader(records_, "records");
  StoredRecord record;
  record.ordinal = reader.number();
  record.id = as_text(reader.blob(1, "id"));
  record.length = reader.count(2, "length");
  record.bases = reader.blob(3, "packed bases");
  try {
    visit_rows(visitor, reader, record, rows);
  } catch (const DamagedDatabase& damage) {
    fail_damaged_record(connection_.path(), record.ordinal, record.id, damage.found());
  }
  if (is_in_record_) return true;
  ++passed_records_;
  if (rows > 0) --rows;
  return true;
}

void StoredRunWalk::visit_rows(StoredRunVisitor& visitor, const StoredRowReader& reader,
                               const StoredRecord& record, std::size_t& rows) {
  if (!is_in_record_) {
    head_ = digests_.begin_record(record);
    reader.expect_digest(6, head_);
    total_ += head_;
    is_in_record_ = true;
    next_chunk_ = 0;
    visitor.begin_record(record);
  }
  for (; chunks_.has_row(); ++next_chunk_, --rows) {
    const StoredChunk chunk = read_chunk(chunks_.row());
    if (chunk.record != record.ordinal) break;
    if (rows == 0) return;
    visit_chunk(visitor, chunk, next_chunk_, record.length);
    chunks_.advance();
  }
  is_in_record_ = false;
  const bool is_last = state_.last_record == record.ordinal;
  if (ends_ == Ends::kMayBeOpen && state_.open_head == head_ && is_last) return;
  const Outcome outcome = reader.outcome(4);
  const std::string_view reason = reader.optional_text(5, "reason");
  const Digest end = digests_.end_record(chunks_.passed(), outcome, reason);
  reader.expect_digest(7, end);
  total_ += end;
  visitor.end_record(outcome, reason);
}

void StoredRunWalk::visit_chunk(StoredRunVisitor& visitor, const StoredChunk& chunk,
                                std::uint64_t index, std::uint64_t length) {
  const StoredRowReader reader(chunks_.row(), "chunks");
  if (chunk.index != index) reader.fail(fmt::format("expected chunk {} of its record", index));
  if (chunk.start >= chunk.end || chunk.end > length) {
    reader.fail(fmt::format("bases {} to {} of a record of {}", chunk.start, chunk.end, length));
  }
  std::array<StoredOrf, kMostFrames> orfs;
  std::size_t count = 0;
  bool is_scored = false;
  digests_.begin_chunk(chunk);
  while (orfs_.has_row()) {
    StoredOrf orf = read_orf(orfs_.row());
    if (orf.chunk != chunk.number) break;
    if (count > 0 && orf.frame <= orfs[count - 1].frame) {
      StoredRowReader(orfs_.row(), "orfs")
          .fail(fmt::format("frame {} after frame {}", orf.frame, orfs[count - 1].frame));
    }
    // Frames rise and are below six, so there is room. The row's text vanishes with the next step.
    reasons_[count] = orf.reason;
    orf.reason = reasons_[count];
    is_scored = is_scored || orf.outcome == Outcome::kScored;
    digests_.add_orf(orf);
    orfs[count++] = orf;
    orfs_.advance();
  }
  const bool fits = chunk.outcome == Outcome::kFailed ||
                    (chunk.outcome == Outcome::kScored ? is_scored : count == 0);
  if (!fits) {
    reader.fail(fmt::format("the outcome {} with {} ORFs, {} scores", name_of(chunk.outcome), count,
                            is_scored ? "with" : "without"));
  }
  const Digest digest = digests_.end_chunk();
  reader.expect_digest(kChunkDigest, digest);
  total_ += digest;
  visitor.chunk(chunk, std::span(orfs.data(), count));
}

}  // namespace virnucpro
