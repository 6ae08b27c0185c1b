#include "run/row_digests.h"

namespace virnucpro {
namespace {

/// The kind of a digest, so that none of one kind equals one of another.
enum Kind : std::uint64_t { kWorkKind = 1, kHeadKind, kChunkKind, kEndKind, kEmbeddingKind };

}  // namespace

Digest digest_of(const std::vector<RunFact>& work) {
  DigestMaker maker;
  maker.add(std::uint64_t{kWorkKind}).add(std::uint64_t{work.size()});
  for (const RunFact& fact : work) {
    maker.add(std::string_view(fact.name)).add(std::string_view(fact.value));
  }
  return maker.finish();
}

Digest RowDigests::begin_record(const StoredRecord& record) {
  maker_.add(std::uint64_t{kHeadKind}).add(work_).add(record.ordinal).add(record.length);
  maker_.add(record.id).add(record.bases);
  head_ = maker_.finish();
  return head_;
}

void RowDigests::begin_chunk(const StoredChunk& chunk) {
  maker_.add(std::uint64_t{kChunkKind}).add(head_).add(chunk.number).add(chunk.record);
  maker_.add(chunk.index).add(chunk.start).add(chunk.end);
  maker_.add(static_cast<std::uint64_t>(chunk.outcome)).add(chunk.reason);
  orfs_ = 0;
}

void RowDigests::add_orf(const StoredOrf& orf) {
  maker_.add(orf.number).add(orf.chunk).add(std::uint64_t{orf.frame});
  maker_.add(static_cast<std::uint64_t>(orf.outcome)).add(orf.p_others).add(orf.p_virus);
  maker_.add(orf.same_as).add(orf.reason);
  ++orfs_;
}

Digest RowDigests::end_chunk() { return maker_.add(orfs_).finish(); }

Digest RowDigests::end_record(std::uint64_t chunks, Outcome outcome, std::string_view reason) {
  maker_.add(std::uint64_t{kEndKind}).add(head_).add(chunks);
  return maker_.add(static_cast<std::uint64_t>(outcome)).add(reason).finish();
}

Digest RowDigests::embedding(std::uint64_t key, std::span<const std::byte> vector) {
  return maker_.add(std::uint64_t{kEmbeddingKind}).add(work_).add(key).add(vector).finish();
}

}  // namespace virnucpro
