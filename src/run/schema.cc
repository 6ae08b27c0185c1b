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
};

/// The views of version 2, which has no results beside the rows of the run.
constexpr std::array kOldViews = {
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

// What the tables of a folder say of the rows, beside them: what is called viral depends on
// choices, what was computed does not. Views have the columns of the tables of results.
constexpr std::array kResults = {
    R"(CREATE TABLE record_results (
  record INTEGER PRIMARY KEY,
  escaped_id TEXT,
  chunks INTEGER NOT NULL,
  scored_chunks INTEGER NOT NULL,
  frames INTEGER NOT NULL,
  viral_chunks INTEGER NOT NULL,
  mean_p_virus REAL,
  max_p_virus REAL,
  p_calibrated REAL,
  viral INTEGER
) STRICT)",
    R"(CREATE TABLE chunk_results (
  chunk INTEGER PRIMARY KEY,
  p_calibrated REAL,
  viral_frames INTEGER NOT NULL
) STRICT)",
    R"(CREATE TABLE region_results (
  number INTEGER PRIMARY KEY,
  record INTEGER NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  extent TEXT NOT NULL,
  chunks INTEGER NOT NULL,
  scored_chunks INTEGER NOT NULL,
  probability REAL NOT NULL
) STRICT)",
    R"(CREATE VIEW predictions AS
  SELECT coalesce(escaped_id, CAST(id AS TEXT)) AS id, records.ordinal + 1 AS record,
    chunks.chunk + 1 AS chunk, chunks.start AS start, chunks.stop AS "end",
    CASE WHEN frame < 3 THEN '+' ELSE '-' END AS strand,
    substr('F1F2F3R1R2R3', 2 * frame + 1, 2) AS frame, p_virus,
    chunk_results.p_calibrated AS p_calibrated,
    CASE viral_frames >> frame & 1 WHEN 1 THEN 'virus' WHEN 0 THEN 'others' END AS call
  FROM orfs
    JOIN chunks ON chunks.number = orfs.chunk AND chunks.outcome = 0
    JOIN records ON records.ordinal = chunks.record
    LEFT JOIN chunk_results ON chunk_results.chunk = chunks.number
    LEFT JOIN record_results ON record_results.record = records.ordinal)",
    R"(CREATE VIEW contigs AS
  SELECT coalesce(escaped_id, CAST(id AS TEXT)) AS id, ordinal + 1 AS record, length, chunks,
    scored_chunks, frames, viral_chunks, mean_p_virus, max_p_virus, p_calibrated,
    CASE viral WHEN 1 THEN 'virus' WHEN 0 THEN 'others' END AS call, outcomes.name AS status,
    reason
  FROM records
    LEFT JOIN outcomes ON outcomes.code = records.outcome
    LEFT JOIN record_results ON record_results.record = records.ordinal)",
    R"(CREATE VIEW regions AS
  SELECT coalesce(escaped_id, CAST(id AS TEXT)) AS id, region_results.record + 1 AS record,
    number AS region, start, stop AS "end", extent, region_results.chunks AS chunks,
    region_results.scored_chunks AS scored_chunks, probability
  FROM region_results
    JOIN records ON records.ordinal = region_results.record
    LEFT JOIN record_results ON record_results.record = records.ordinal)",
    R"(CREATE VIEW account AS
  SELECT ordinal AS record, CAST(id AS TEXT) AS id, length, outcomes.name AS outcome, reason
  FROM records LEFT JOIN outcomes ON outcomes.code = records.outcome)",
};

constexpr std::array kRows = {
    "INSERT INTO outcomes VALUES (0, 'scored'), (1, 'no_orf'), (2, 'too_short'), (3, 'failed')",
    "INSERT INTO progress VALUES (1, 0, 0, 0, 0, zeroblob(16), zeroblob(16))",
};

}  // namespace

std::span<const char* const> row_tables() { return kStatements; }

std::span<const char* const> result_tables(std::uint32_t version) {
  if (version < kSchemaVersion) return kOldViews;
  return kResults;
}

std::span<const char* const> initial_rows() { return kRows; }

}  // namespace virnucpro
