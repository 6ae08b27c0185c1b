// Rows of report.html as columns of bytes, compressed: what the page unpacks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "page/rows.h"

namespace virnucpro {

/// Columns of a block, in their order. Numbers are little endian; "varint": seven bits a byte, the
/// lowest first, the high bit set in all but the last. Probabilities of 16 bits are in steps of
/// 1/65534, 65535 is none; log odds of 16 bits are in steps of 1/1000, -32768 is none.
enum class PageColumn : std::uint8_t {
  kIds,           ///< UTF-8, each ended by a line feed
  kOrdinals,      ///< varint: distance from the one before, the first from 0
  kLengths,       ///< varint
  kGc,            ///< 16 bits
  kScores,        ///< 16 bits
  kMeans,         ///< 16 bits: mean P(virus)
  kMaxima,        ///< 16 bits: max P(virus)
  kLogOdds,       ///< 16 bits, at a prevalence of one half
  kFlags,         ///< 8 bits: outcome + 4 if viral + 8 if its chunks follow
  kCounts,        ///< varint: chunks, scored chunks, viral chunks, frames
  kChunks,        ///< 8 bits a chunk: bits of its frames + 64 if runs; else 128 + outcome
  kChunkLogOdds,  ///< 16 bits a scored chunk, at the prevalence of the rule; empty: no calibration
  kFrameScores,   ///< 16 bits a frame: P(virus)
  kRuns,          ///< varint a run: its start within the chunk, its length
  kRegions,       ///< varint: number of viral regions, then of each start, length, probability
};
inline constexpr std::size_t kPageColumns = 15;

/// Gathers rows; thread-confined, reused without giving memory back.
class RowBlock {
 public:
  /// `with_probabilities`: chunks have calibrated ones.
  explicit RowBlock(bool with_probabilities) : with_probabilities_(with_probabilities) {}

  /// A chunk of the record that the next add() ends; `frames` in their order, of scored chunks.
  void chunk(const PageChunk& chunk, std::span<const PageFrame> frames);
  /// Forgets the chunks since the last add(): of a record that is not shown.
  void drop_chunks();
  /// Ends a record; `with_chunks` false forgets its chunks, too.
  void add(const PageRecord& record, bool with_chunks);

  std::size_t rows() const { return rows_; }
  std::size_t chunks() const { return chunks_; }

  /// Base64 of the deflated columns, after their sizes as 32-bit numbers, and begins anew.
  std::string take();

 private:
  std::string& column(PageColumn which) { return columns_[static_cast<std::size_t>(which)]; }

  bool with_probabilities_;
  std::array<std::string, kPageColumns> columns_;
  std::array<std::size_t, kPageColumns> record_begin_{};  // of the columns of the open record
  std::uint64_t last_ordinal_ = 0;
  std::size_t rows_ = 0;
  std::size_t chunks_ = 0;
  std::size_t open_chunks_ = 0;  // of the record that has not ended
};

}  // namespace virnucpro
