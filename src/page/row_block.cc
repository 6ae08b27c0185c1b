#include "page/row_block.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/base64.h"
#include "base/check.h"

namespace virnucpro {
namespace {

constexpr double kShareSteps = 65534.0;
constexpr std::uint16_t kNoShare = 65535;
constexpr double kLogOddsSteps = 1000.0;
constexpr double kMostSteps = 32767.0;
constexpr std::uint16_t kNoLogOdds = 0x8000;

void put16(std::string& column, std::uint16_t value) {
  column += static_cast<char>(value & 0xff);
  column += static_cast<char>(value >> 8);
}

void put32(std::string& text, std::uint32_t value) {
  put16(text, static_cast<std::uint16_t>(value & 0xffff));
  put16(text, static_cast<std::uint16_t>(value >> 16));
}

void put_varint(std::string& column, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) column += static_cast<char>(0x80 | (value & 0x7f));
  column += static_cast<char>(value);
}

std::uint64_t steps_of(double share) {
  return static_cast<std::uint64_t>(std::lround(std::clamp(share, 0.0, 1.0) * kShareSteps));
}

void put_share(std::string& column, const std::optional<double>& share) {
  put16(column, share ? static_cast<std::uint16_t>(steps_of(*share)) : kNoShare);
}

void put_log_odds(std::string& column, const std::optional<double>& log_odds) {
  if (!log_odds) return put16(column, kNoLogOdds);
  const double steps = std::clamp(*log_odds * kLogOddsSteps, -kMostSteps, kMostSteps);
  put16(column, static_cast<std::uint16_t>(static_cast<std::int16_t>(std::lround(steps))));
}

std::optional<double> log_odds_of_share(const std::optional<double>& probability) {
  if (!probability) return std::nullopt;
  const double p = std::clamp(*probability, 1e-12, 1.0 - 1e-12);
  return std::log(p) - std::log1p(-p);
}

/// Raw deflate, as the browser's DecompressionStream reads it.
std::string deflated(std::string_view bytes) {
  z_stream stream{};
  constexpr int kRawWindow = -15;
  constexpr int kMemory = 8;
  check(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawWindow, kMemory,
                     Z_DEFAULT_STRATEGY) == Z_OK,
        "zlib does not begin");
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  // zlib takes no const and does not write there.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  check(result == Z_STREAM_END, "zlib ends with {}", result);
  return packed;
}

}  // namespace

void RowBlock::chunk(const PageChunk& chunk, std::span<const PageFrame> frames) {
  ++open_chunks_;
  if (chunk.outcome != Outcome::kScored) {
    column(PageColumn::kChunks) += static_cast<char>(0x80 | static_cast<unsigned>(chunk.outcome));
    return;
  }
  unsigned kind = chunk.is_run ? 0x40 : 0;
  for (const PageFrame& frame : frames) {
    kind |= 1U << frame.frame;
    put_share(column(PageColumn::kFrameScores), frame.p_virus);
    if (!chunk.is_run) continue;
    put_varint(column(PageColumn::kRuns), frame.start);
    put_varint(column(PageColumn::kRuns), frame.bases);
  }
  column(PageColumn::kChunks) += static_cast<char>(kind);
  if (with_probabilities_) {
    put_log_odds(column(PageColumn::kChunkLogOdds), log_odds_of_share(chunk.probability));
  }
}

void RowBlock::drop_chunks() {
  for (const PageColumn which : {PageColumn::kChunks, PageColumn::kChunkLogOdds,
                                 PageColumn::kFrameScores, PageColumn::kRuns}) {
    column(which).resize(record_begin_[static_cast<std::size_t>(which)]);
  }
  open_chunks_ = 0;
}

void RowBlock::add(const PageRecord& record, bool with_chunks) {
  if (!with_chunks) drop_chunks();
  column(PageColumn::kIds).append(record.id).append("\n");
  put_varint(column(PageColumn::kOrdinals), record.ordinal - last_ordinal_);
  last_ordinal_ = record.ordinal;
  put_varint(column(PageColumn::kLengths), record.length);
  put_share(column(PageColumn::kGc), record.gc);
  put_share(column(PageColumn::kScores), record.score);
  const bool is_scored = record.frames > 0;
  put_share(column(PageColumn::kMeans),
            is_scored ? std::optional<double>(record.mean_p_virus) : std::nullopt);
  put_share(column(PageColumn::kMaxima),
            is_scored ? std::optional<double>(record.max_p_virus) : std::nullopt);
  put_log_odds(column(PageColumn::kLogOdds), record.log_odds);
  column(PageColumn::kFlags) +=
      static_cast<char>(static_cast<unsigned>(record.outcome) | (record.is_viral ? 4U : 0U) |
                        (with_chunks ? 8U : 0U));
  for (const std::uint64_t count :
       {record.chunks, record.scored_chunks, record.viral_chunks, record.frames}) {
    put_varint(column(PageColumn::kCounts), count);
  }
  std::string& regions = column(PageColumn::kRegions);
  put_varint(regions, record.regions.size());
  for (const PageRegion& region : record.regions) {
    put_varint(regions, region.start);
    put_varint(regions, region.end - region.start);
    put_varint(regions, steps_of(region.probability));
  }
  ++rows_;
  chunks_ += open_chunks_;
  open_chunks_ = 0;
  for (std::size_t i = 0; i < kPageColumns; ++i) record_begin_[i] = columns_[i].size();
}

std::string RowBlock::take() {
  check(open_chunks_ == 0, "a block ends inside a record");
  std::string bytes;
  for (const std::string& each : columns_) put32(bytes, static_cast<std::uint32_t>(each.size()));
  for (std::string& each : columns_) {
    bytes += each;
    each.clear();
  }
  record_begin_ = {};
  last_ordinal_ = 0;
  rows_ = 0;
  chunks_ = 0;
  return base64(deflated(bytes));
}

}  // namespace virnucpro
