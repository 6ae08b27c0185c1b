// Proves the rows of a run: a digest of each row group, bound to its place and to the work; for
// run/*.cc, and for code that asks whether rows belong to an input.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/digest.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// A digest of all facts of a work.
Digest digest_of(const std::vector<RunFact>& work);

/// The row groups of a run are the head of a record (with its bases), a chunk with its ORFs, the
/// end of a record, and an embedding. Each digest covers all values of its group and the digest of
/// its record, and through that the work: rows of another run, input or place do not pass. Called
/// in the order of the input. Thread-confined.
class RowDigests {
 public:
  explicit RowDigests(const Digest& work) : work_(work) {}

  Digest begin_record(const StoredRecord& record);
  /// Continues within a record whose head has this digest.
  void resume_record(const Digest& head) { head_ = head; }
  void begin_chunk(const StoredChunk& chunk);
  void add_orf(const StoredOrf& orf);
  Digest end_chunk();
  /// `chunks` is the number of chunks in the run so far.
  Digest end_record(std::uint64_t chunks, Outcome outcome, std::string_view reason);
  Digest embedding(std::uint64_t key, std::span<const std::byte> vector);

 private:
  Digest work_;
  DigestMaker maker_;
  Digest head_;  ///< of the current record
  std::uint64_t orfs_ = 0;
};

}  // namespace virnucpro
