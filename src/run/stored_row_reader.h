// Turns SQLite's rows into plain values and checks each column; for run/*.cc only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "run/sqlite_handles.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// Reads the row that a statement is at. The InputError of a column with an impossible value names
/// `table` and the row's number. Views live until the statement's next step.
class StoredRowReader {
 public:
  /// Column 0 is the row's number.
  StoredRowReader(const SqliteStatement& row, const char* table);

  std::uint64_t number() const { return number_; }
  std::uint64_t count(int column, const char* name) const;
  std::string_view text(int column, const char* name) const;
  std::span<const std::byte> blob(int column, const char* name) const;
  double seconds(int column, const char* name) const;
  std::optional<std::uint64_t> optional_count(int column, const char* name) const;
  std::string_view optional_text(int column, const char* name) const;
  Outcome outcome(int column) const;
  Digest digest(int column, const char* name) const;
  /// Throws unless the column holds this digest.
  void expect_digest(int column, const Digest& expected) const;
  /// Finite, 0 to 1, and exactly representable as a float.
  float probability(int column, const char* name) const;
  [[noreturn]] void fail(const std::string& found) const;

 private:
  std::uint64_t count(const SqliteValue& value, int column, const char* name) const;
  [[noreturn]] void fail_type(int column, const char* name, const char* expected) const;

  const SqliteStatement& row_;
  const char* table_;
  std::uint64_t number_;
};

/// The columns that the two functions below read, in their order.
inline constexpr const char* kChunkColumns =
    "number, record, chunk, start, stop, outcome, reason, digest";
inline constexpr int kChunkDigest = 7;  ///< its column
inline constexpr const char* kOrfColumns =
    "number, chunk, frame, outcome, p_others, p_virus, same_as, reason";

/// Each value is possible by itself; the caller checks that it fits its neighbours.
StoredChunk read_chunk(const SqliteStatement& row);
StoredOrf read_orf(const SqliteStatement& row);

}  // namespace virnucpro
