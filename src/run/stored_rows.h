// The rows of a run's database, as plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "run/outcome.h"

namespace virnucpro {

/// A fact in which two runs must agree to be the same work, such as {"input 1 sha256", "9f..."}.
/// Names are for users: they are printed where two runs differ.
struct RunFact {
  std::string name;
  std::string value;
  bool operator==(const RunFact&) const = default;
};

/// A record of the input. `ordinal` counts over all inputs from 0; a shard has gaps. `bases` have
/// the form of sequence/packed_bases.h, which the database does not interpret.
struct StoredRecord {
  std::uint64_t ordinal = 0;
  std::string_view id;  ///< any bytes
  std::uint64_t length = 0;
  std::span<const std::byte> bases;
};

/// Bases [start, end) of its record. Chunks and ORFs are numbered in input order from 0 without
/// gaps, over the whole run.
struct StoredChunk {
  std::uint64_t number = 0;
  std::uint64_t record = 0;  ///< its ordinal
  std::uint64_t index = 0;   ///< within the record, from 0
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  Outcome outcome = Outcome::kNoOrf;
  std::string_view reason;  ///< of a failure
};

// What the tables of results say of a complete run. It depends on how calls were asked for, and is
// proven by no checksum: nothing of it is ever read back, except through the views.

/// Of a record; absent where contigs.tsv has NA.
struct RecordResult {
  std::uint64_t ordinal = 0;
  std::string_view escaped_id;  ///< empty for an id that is plain text
  std::uint64_t chunks = 0;
  std::uint64_t scored_chunks = 0;
  std::uint64_t frames = 0;
  std::uint64_t viral_chunks = 0;
  std::optional<double> mean_p_virus;
  std::optional<double> max_p_virus;
  std::optional<double> p_calibrated;
  std::optional<bool> is_viral;
};

/// Of a scored chunk. Bit i of `viral_frames` says that frame i is called viral.
struct ChunkResult {
  std::uint64_t number = 0;
  std::optional<double> p_calibrated;
  std::uint64_t viral_frames = 0;
};

/// A viral region: bases [start, end) of its record.
struct RegionResult {
  std::uint64_t number = 0;  ///< over the run, from 1
  std::uint64_t record = 0;  ///< its ordinal
  std::uint64_t start = 0;
  std::uint64_t end = 0;
  std::string_view extent;
  std::uint64_t chunks = 0;
  std::uint64_t scored_chunks = 0;
  double probability = 0.0;
};

/// The result of one frame or run that was read: scored or failed.
struct StoredOrf {
  std::uint64_t number = 0;
  std::uint64_t chunk = 0;  ///< its number
  std::uint8_t frame = 0;   ///< 0 to 5: F1 F2 F3 R1 R2 R3
  Outcome outcome = Outcome::kScored;
  float p_others = 0.0f;  ///< exact; 0 where failed
  float p_virus = 0.0f;
  /// The earlier ORF that has the same nucleotides and protein and was computed in its place.
  std::optional<std::uint64_t> same_as;
  std::string_view reason;  ///< of a failure
  // Not in the database, which has the bases and so says what was read of them: visit_run() of
  // results/stored_rules.h adds it.
  std::uint64_t start = 0;  ///< what was read are the bases [start, end) of the record
  std::uint64_t end = 0;
  bool is_run = false;  ///< a stretch of a frame that is not open
};

/// How far a database goes. It stores a prefix of the input: records that have begun, chunks,
/// ORFs.
struct StoredExtent {
  std::uint64_t records = 0;
  std::uint64_t chunks = 0;
  std::uint64_t orfs = 0;
};

/// One process that worked on the run, for users and run.json.
struct StoredSession {
  std::string started_at;  ///< UTC; never compared, since clocks go back
  std::string program_version;
  std::string device;  ///< and its description
  double seconds = 0.0;
  std::uint64_t orfs_computed = 0;  ///< not counting repeats
};

/// The encoders' numbers in the database.
enum class StoredEncoder : std::uint8_t { kDnabertS, kEsm2 };

}  // namespace virnucpro
