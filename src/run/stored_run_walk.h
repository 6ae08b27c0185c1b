// Reads a whole stored run in input order and checks that its rows fit together; for run/*.cc only.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "run/row_digests.h"
#include "run/run_database.h"
#include "run/run_state.h"
#include "run/sqlite_handles.h"
#include "run/stored_row_reader.h"

namespace virnucpro {

/// Steps through a table whose rows are numbered from 0 without gaps.
class NumberedRows {
 public:
  NumberedRows(const SqliteConnection& connection, const char* table, const std::string& columns);

  bool has_row() const { return has_row_; }
  const SqliteStatement& row() const { return statement_; }
  /// Rows passed so far.
  std::uint64_t passed() const { return next_ - (has_row_ ? 1 : 0); }
  void advance();

 private:
  const char* table_;
  SqliteStatement statement_;
  std::uint64_t next_ = 0;
  bool has_row_ = false;
};

/// Reads three tables side by side, each once and in its own order; memory does not grow with them.
/// Must not outlive the connection.
class StoredRunWalk {
 public:
  /// The end of the last record.
  enum class Ends { kMustBeThere, kMayBeOpen };

  /// `work` is the digest of the run's work, `state` the expected state.
  StoredRunWalk(const SqliteConnection& connection, const Digest& work, const RunState& state,
                Ends ends = Ends::kMustBeThere);

  /// Visits the next record, or the rest of one that next_part() has begun; false after the last
  /// one. DamagedDatabase, naming the record, at the first row that does not fit or is not what was
  /// stored, and for a wrong number of rows.
  bool next(StoredRunVisitor& visitor);
  /// The same for so many records or chunks: ends amid a record where that has more.
  bool next_part(StoredRunVisitor& visitor, std::size_t rows);

 private:
  static constexpr std::size_t kMostFrames = 6;

  bool visit_record(StoredRunVisitor& visitor, std::size_t& rows);
  void visit_chunk(StoredRunVisitor& visitor, const StoredChunk& chunk, std::uint64_t index,
                   std::uint64_t length);
  void visit_rows(StoredRunVisitor& visitor, const StoredRowReader& reader,
                  const StoredRecord& record, std::size_t& rows);
  void require_end() const;
  void expect(std::uint64_t found, std::uint64_t expected, const char* table) const;

  const SqliteConnection& connection_;
  const RunState state_;
  const Ends ends_;
  RowDigests digests_;
  Digest total_;  ///< of the rows that were visited
  SqliteStatement records_;
  NumberedRows chunks_;
  NumberedRows orfs_;
  std::uint64_t passed_records_ = 0;
  bool has_ended_ = false;  // a further step would restart the statement
  // Of the record that a part has ended in.
  bool is_in_record_ = false;
  Digest head_;
  std::uint64_t next_chunk_ = 0;  // of the record
  std::array<std::string, kMostFrames> reasons_;
};

}  // namespace virnucpro
