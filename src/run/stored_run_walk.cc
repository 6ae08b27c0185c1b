#include "run/stored_run_walk.h"

#include <array>
#include <span>
#include <string>

#include "base/format.h"
#include "run/stored_row_reader.h"

namespace virnucpro {
namespace {

constexpr std::size_t kMostFrames = 6;

/// Steps through a table whose rows are numbered from 0 without gaps.
class NumberedRows {
 public:
  NumberedRows(const SqliteConnection& connection, const char* table, const std::string& columns)
      : table_(table),
        statement_(connection,
                   fmt::format("SELECT {} FROM {} ORDER BY number", columns, table).c_str()) {
    advance();
  }

  bool has_row() const { return has_row_; }
  const SqliteStatement& row() const { return statement_; }
  /// Rows passed so far.
  std::uint64_t passed() const { return next_ - (has_row_ ? 1 : 0); }

  void advance() {
    has_row_ = statement_.step();
    if (!has_row_) return;
    const StoredRowReader reader(statement_, table_);
    if (reader.number() != next_) reader.fail(fmt::format("expected the number {}", next_));
    ++next_;
  }

 private:
  const char* table_;
  SqliteStatement statement_;
  std::uint64_t next_ = 0;
  bool has_row_ = false;
};

class Walk {
 public:
  Walk(const SqliteConnection& connection, StoredRunVisitor& visitor)
      : connection_(connection),
        visitor_(visitor),
        records_(connection,
                 "SELECT ordinal, id, length, packed, outcome, reason FROM records "
                 "LEFT JOIN bases ON bases.record = records.ordinal ORDER BY ordinal"),
        chunks_(connection, "chunks", kChunkColumns),
        orfs_(connection, "orfs", kOrfColumns) {}

  void run(const StoredExtent& extent) {
    std::uint64_t records = 0;
    for (; records_.step(); ++records) visit_record();
    if (chunks_.has_row()) {
      StoredRowReader(chunks_.row(), "chunks").fail("a record that is not there, or out of order");
    }
    if (orfs_.has_row()) {
      StoredRowReader(orfs_.row(), "orfs").fail("a chunk that is not there, or out of order");
    }
    expect(records, extent.records, "records");
    expect(chunks_.passed(), extent.chunks, "chunks");
    expect(orfs_.passed(), extent.orfs, "orfs");
  }

 private:
  void visit_record() {
    const StoredRowReader reader(records_, "records");
    StoredRecord record;
    record.ordinal = reader.number();
    record.id = as_text(reader.blob(1, "id"));
    record.length = reader.count(2, "length");
    record.bases = reader.blob(3, "packed bases");
    const Outcome outcome = reader.outcome(4);
    const std::string_view reason = reader.optional_text(5, "reason");
    visitor_.begin_record(record);
    for (std::uint64_t index = 0; chunks_.has_row(); ++index) {
      const StoredChunk chunk = read_chunk(chunks_.row());
      if (chunk.record != record.ordinal) break;
      visit_chunk(chunk, index, record.length);
      chunks_.advance();
    }
    visitor_.end_record(outcome, reason);
  }

  void visit_chunk(const StoredChunk& chunk, std::uint64_t index, std::uint64_t length) {
    const StoredRowReader reader(chunks_.row(), "chunks");
    if (chunk.index != index) reader.fail(fmt::format("expected chunk {} of its record", index));
    if (chunk.start >= chunk.end || chunk.end > length) {
      reader.fail(fmt::format("bases {} to {} of a record of {}", chunk.start, chunk.end, length));
    }
    std::array<StoredOrf, kMostFrames> orfs;
    std::size_t count = 0;
    bool is_scored = false;
    while (orfs_.has_row()) {
      StoredOrf orf = read_orf(orfs_.row());
      if (orf.chunk != chunk.number) break;
      if (count > 0 && orf.frame <= orfs[count - 1].frame) {
        StoredRowReader(orfs_.row(), "orfs")
            .fail(fmt::format("frame {} after frame {}", orf.frame, orfs[count - 1].frame));
      }
      // Frames rise and are below six, so there is room. The row's text goes with the next step.
      reasons_[count] = orf.reason;
      orf.reason = reasons_[count];
      is_scored = is_scored || orf.outcome == Outcome::kScored;
      orfs[count++] = orf;
      orfs_.advance();
    }
    const bool fits = chunk.outcome == Outcome::kFailed ||
                      (chunk.outcome == Outcome::kScored ? is_scored : count == 0);
    if (!fits) {
      reader.fail(fmt::format("the outcome {} with {} ORFs, {} scores", name_of(chunk.outcome),
                              count, is_scored ? "with" : "without"));
    }
    visitor_.chunk(chunk, std::span(orfs.data(), count));
  }

  static std::string_view as_text(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  void expect(std::uint64_t found, std::uint64_t expected, const char* table) const {
    if (found == expected) return;
    fail_damaged(connection_.path(),
                 fmt::format("table {} with {} rows, expected {}", table, found, expected));
  }

  const SqliteConnection& connection_;
  StoredRunVisitor& visitor_;
  SqliteStatement records_;
  NumberedRows chunks_;
  NumberedRows orfs_;
  std::array<std::string, kMostFrames> reasons_;
};

}  // namespace

void walk_stored_run(const SqliteConnection& connection, const StoredExtent& extent,
                     StoredRunVisitor& visitor) {
  Walk(connection, visitor).run(extent);
}

}  // namespace virnucpro
