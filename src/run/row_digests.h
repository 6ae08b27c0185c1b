// What proves the rows of a run: a digest of each row group, bound to its place and to the work;
// for run/*.cc and for who asks whether rows belong to an input.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/digest.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// A digest of all facts of a work.
Digest digest_of(const std::vector<RunFact>& work);

/// Row groups of a run are the head of a record (with its bases), a chunk with its ORFs, the end of
/// a record, and an embedding. Each digest holds all values of its group, that of the record it
/// belongs to, and through it the work: rows of another run, of another input or in another place
/// do not pass. Called in the order of the input. Thread-confined.
class RowDigests {
 public:
  explicit RowDigests(const Digest& work) : work_(work) {}

  Digest begin_record(const StoredRecord& record);
  /// Goes on within a record whose head has this digest.
  void resume_record(const Digest& head) { head_ = head; }
  void begin_chunk(const StoredChunk& chunk);
  void add_orf(const StoredOrf& orf);
  Digest end_chunk();
  /// `chunks` is their number in the run so far.
  Digest end_record(std::uint64_t chunks, Outcome outcome, std::string_view reason);
  Digest embedding(std::uint64_t key, std::span<const std::byte> vector);

 private:
  Digest work_;
  DigestMaker maker_;
  Digest head_;  ///< of the record at hand
  std::uint64_t orfs_ = 0;
};

}  // namespace virnucpro
