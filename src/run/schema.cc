#include "run/schema.h"

#include <array>

namespace virnucpro {
namespace {

// Rows are appended in the order of their keys, so that a table grows only at its end and is read
// in its order on the disk. Bases have their own table: SQLite would write them a second time with
// a record's outcome, which comes later. STRICT: a column holds only its declared type.
constexpr std::array kStatements = {
    R"(CREATE TABLE outcomes (
  code INTEGER PRIMARY KEY,
  name TEXT NOT NULL
) STRICT)",
    R"(CREATE TABLE work (
  position INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  value TEXT NOT NULL
) STRICT)",
    R"(CREATE TABLE progress (
  id INTEGER PRIMARY KEY,
  records INTEGER NOT NULL,
  chunks INTEGER NOT NULL,
  orfs INTEGER NOT NULL,
  complete INTEGER NOT NULL,
  total BLOB NOT NULL,
  digest BLOB NOT NULL
) STRICT)",
    R"(CREATE TABLE records (
  ordinal INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  length INTEGER NOT NULL,
  digest BLOB NOT NULL,
  outcome INTEGER,
  reason TEXT,
  end_digest BLOB
) STRICT)",
    R"(CREATE TABLE bases (
  record INTEGER PRIMARY KEY,
  packed BLOB NOT NULL
) STRICT)",
    R"(CREATE TABLE chunks (
  number INTEGER PRIMARY KEY,
  record INTEGER NOT NULL,
  chunk INTEGER NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  outcome INTEGER NOT NULL,
  reason TEXT,
  digest BLOB NOT NULL
) STRICT)",
    R"(CREATE TABLE orfs (
  number INTEGER PRIMARY KEY,
  chunk INTEGER NOT NULL,
  frame INTEGER NOT NULL,
  p_others REAL,
  p_virus REAL,
  outcome INTEGER NOT NULL,
  same_as INTEGER,
  reason TEXT
) STRICT)",
    R"(CREATE TABLE embeddings (
  key INTEGER PRIMARY KEY,
  vector BLOB NOT NULL,
  digest BLOB NOT NULL
) STRICT)",
    R"(CREATE TABLE sessions (
  number INTEGER PRIMARY KEY,
  started_at TEXT NOT NULL,
  program_version TEXT NOT NULL,
  device TEXT NOT NULL,
  seconds REAL NOT NULL,
  orfs_computed INTEGER NOT NULL
) STRICT)",
    R"(CREATE TABLE texts (
  name TEXT PRIMARY KEY,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID)",
    R"(CREATE VIEW predictions AS
  SELECT records.ordinal AS record, CAST(records.id AS TEXT) AS id, chunks.chunk AS chunk,
    chunks.start AS start, chunks.stop AS stop, substr('F1F2F3R1R2R3', 2 * frame + 1, 2) AS frame,
    p_others, p_virus, outcomes.name AS outcome, orfs.reason AS reason, same_as
  FROM orfs
    JOIN chunks ON chunks.number = orfs.chunk
    JOIN records ON records.ordinal = chunks.record
    JOIN outcomes ON outcomes.code = orfs.outcome)",
    R"(CREATE VIEW account AS
  SELECT ordinal AS record, CAST(id AS TEXT) AS id, length, outcomes.name AS outcome, reason
  FROM records LEFT JOIN outcomes ON outcomes.code = records.outcome)",
};

constexpr std::array kRows = {
    "INSERT INTO outcomes VALUES (0, 'scored'), (1, 'no_orf'), (2, 'too_short'), (3, 'failed')",
    "INSERT INTO progress VALUES (1, 0, 0, 0, 0, zeroblob(16), zeroblob(16))",
};

}  // namespace

std::span<const char* const> schema_statements() { return kStatements; }

std::span<const char* const> initial_rows() { return kRows; }

}  // namespace virnucpro
