#include "run/stored_row_reader.h"

#include <cmath>
#include <cstring>

#include "base/format.h"

namespace virnucpro {

StoredRowReader::StoredRowReader(const SqliteStatement& row, const char* table)
    : row_(row), table_(table), number_(static_cast<std::uint64_t>(row.integer(0))) {
  const auto number = static_cast<std::int64_t>(number_);
  if (number < 0) fail(fmt::format("{} as its number", number));
}

void StoredRowReader::fail(const std::string& found) const {
  fail_damaged(row_.connection().path(), fmt::format("table {}, row {}: {}", table_,
                                                     static_cast<std::int64_t>(number_), found));
}

void StoredRowReader::fail_type(int column, const char* name, const char* expected) const {
  fail(fmt::format("'{}' as {}, expected {}", row_.text(column).substr(0, 40), name, expected));
}

std::uint64_t StoredRowReader::count(int column, const char* name) const {
  return count(row_.value(column), column, name);
}

std::uint64_t StoredRowReader::count(const SqliteValue& value, int column, const char* name) const {
  if (value.type() != SQLITE_INTEGER || value.integer() < 0) {
    fail_type(column, name, "a number from 0");
  }
  return static_cast<std::uint64_t>(value.integer());
}

std::string_view StoredRowReader::text(int column, const char* name) const {
  const SqliteValue value = row_.value(column);
  if (value.type() != SQLITE_TEXT) fail_type(column, name, "a text");
  return value.text();
}

std::span<const std::byte> StoredRowReader::blob(int column, const char* name) const {
  const SqliteValue value = row_.value(column);
  if (value.type() != SQLITE_BLOB) fail_type(column, name, "bytes");
  return value.blob();
}

double StoredRowReader::seconds(int column, const char* name) const {
  const SqliteValue found = row_.value(column);
  const double value = found.real();
  if (found.type() != SQLITE_FLOAT || !std::isfinite(value) || value < 0.0) {
    fail_type(column, name, "seconds");
  }
  return value;
}

std::optional<std::uint64_t> StoredRowReader::optional_count(int column, const char* name) const {
  const SqliteValue value = row_.value(column);
  if (value.type() == SQLITE_NULL) return std::nullopt;
  return count(value, column, name);
}

std::string_view StoredRowReader::optional_text(int column, const char* name) const {
  if (row_.type(column) == SQLITE_NULL) return {};
  return text(column, name);
}

Outcome StoredRowReader::outcome(int column) const {
  const SqliteValue value = row_.value(column);
  if (value.type() == SQLITE_NULL) fail("no outcome");
  const std::uint64_t code = count(value, column, "outcome");
  if (code >= kOutcomes) fail(fmt::format("{} as outcome, expected 0 to {}", code, kOutcomes - 1));
  return static_cast<Outcome>(code);
}

Digest StoredRowReader::digest(int column, const char* name) const {
  const std::span<const std::byte> bytes = blob(column, name);
  Digest digest;
  if (bytes.size() != sizeof digest.words) {
    fail(fmt::format("{} bytes as {}, expected {}", bytes.size(), name, sizeof digest.words));
  }
  std::memcpy(digest.words.data(), bytes.data(), bytes.size());
  return digest;
}

void StoredRowReader::expect_digest(int column, const Digest& expected) const {
  if (digest(column, "checksum") != expected) fail("another checksum than it was stored with");
}

float StoredRowReader::probability(int column, const char* name) const {
  const SqliteValue found = row_.value(column);
  const double value = found.real();
  const bool is_possible = found.type() == SQLITE_FLOAT && value >= 0.0 && value <= 1.0 &&
                           static_cast<double>(static_cast<float>(value)) == value;
  if (!is_possible) fail_type(column, name, "a float from 0 to 1");
  return static_cast<float>(value);
}

StoredChunk read_chunk(const SqliteStatement& row) {
  const StoredRowReader reader(row, "chunks");
  StoredChunk chunk;
  chunk.number = reader.number();
  chunk.record = reader.count(1, "record");
  chunk.index = reader.count(2, "chunk");
  chunk.start = reader.count(3, "start");
  chunk.end = reader.count(4, "stop");
  chunk.outcome = reader.outcome(5);
  chunk.reason = reader.optional_text(6, "reason");
  return chunk;
}

StoredOrf read_orf(const SqliteStatement& row) {
  const StoredRowReader reader(row, "orfs");
  StoredOrf orf;
  orf.number = reader.number();
  orf.chunk = reader.count(1, "chunk");
  const std::uint64_t frame = reader.count(2, "frame");
  if (frame >= 6) reader.fail(fmt::format("{} as frame, expected 0 to 5", frame));
  orf.frame = static_cast<std::uint8_t>(frame);
  orf.outcome = reader.outcome(3);
  if (orf.outcome == Outcome::kScored) {
    orf.p_others = reader.probability(4, "p_others");
    orf.p_virus = reader.probability(5, "p_virus");
  } else if (orf.outcome != Outcome::kFailed) {
    reader.fail(fmt::format("the outcome {}, expected scored or failed", name_of(orf.outcome)));
  } else if (row.type(4) != SQLITE_NULL || row.type(5) != SQLITE_NULL) {
    reader.fail("scores of an ORF that failed");
  }
  orf.same_as = reader.optional_count(6, "same_as");
  if (orf.same_as && *orf.same_as >= orf.number) {
    reader.fail(fmt::format("{} as same_as, expected an earlier row", *orf.same_as));
  }
  orf.reason = reader.optional_text(7, "reason");
  return orf;
}

}  // namespace virnucpro
