// A stretch of the input on its way through the stages: the unit of batching and of writing.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "batching/batch_plan.h"
#include "batching/token_table.h"
#include "models/encoder_kind.h"
#include "pipeline/repeats.h"
#include "sequence/chunks.h"
#include "sequence/frames.h"
#include "sequence/record.h"

namespace virnucpro {

/// Where a window ends: at the first limit reached, even inside a record. The limits bound the
/// memory of a run whatever its input; no result depends on them.
struct WindowLimits {
  /// See limits_for(); features of the largest models take 24 KB an ORF.
  std::size_t orfs = 512;
  /// Chunks without ORFs cost 48 bytes each, so windows of stop-rich DNA may be long.
  std::size_t chunks = 65536;
  /// Bases of records that begin in the window; they are held until their last window is written.
  /// This is four times what 512 ORFs of bacteria need.
  std::size_t bases = std::size_t{2} << 20;
};

/// Limits for batches of `batch_tokens`: windows of at least 7 batches of usual ORFs (110 tokens of
/// DNA, 170 of protein). A window wastes at most half a pass over the weights, and a pass costs 1 %
/// of a batch; larger windows would only take memory.
WindowLimits limits_for(std::int64_t batch_tokens);

/// Chunks of consecutive records with their ORFs and results, in four phases. Each phase is written
/// by one stage of a run after the phase before it, and read by all later stages. Items are known
/// by their position. A window is cleared and filled again.
struct Window {
  /// The chunks of one record that lie in this window.
  struct Part {
    std::shared_ptr<const Record> record;
    bool begins = false;  ///< the record's first window
    bool ends = false;    ///< the record's last window
    std::size_t chunk_count = 0;
  };
  struct ChunkEntry {
    Chunk chunk;
    std::size_t orf_count = 0;  ///< the next so many of `orfs`
  };
  struct OrfEntry {
    Frame frame = Frame::kF1;
    PerEncoder<std::size_t> text_end;  ///< in `texts`; begins where the one before ends
    std::uint64_t start = 0;           ///< what is read are the bases [start, end) of the record
    std::uint64_t end = 0;
    bool is_run = false;  ///< see Orf
  };
  /// A chunk and its place in the window.
  struct ChunkPlace {
    const Record& record;
    const Chunk& chunk;
    std::size_t number = 0;       ///< of the chunk, in the window
    std::uint32_t first_orf = 0;  ///< its ORFs are [first_orf, end_orf) of the window
    std::uint32_t end_orf = 0;

    std::size_t orf_count() const { return end_orf - first_orf; }
  };

  /// What was read.
  struct Read {
    std::uint64_t first_chunk = 0;  ///< numbers in the run of the window's first chunk and ORF
    std::uint64_t first_orf = 0;
    std::vector<Part> parts;
    std::vector<ChunkEntry> chunks;
    std::vector<OrfEntry> orfs;
    PerEncoder<std::string> texts;  ///< what the encoders read: nucleotides, proteins
    std::size_t bases = 0;

    std::string_view text_of(EncoderKind kind, std::size_t orf) const {
      const std::size_t begin = orf == 0 ? 0 : orfs[orf - 1].text_end[kind];
      return std::string_view(texts[kind]).substr(begin, orfs[orf].text_end[kind] - begin);
    }
    /// Calls, in input order, begin_record(const Record&) where a record begins in this window,
    /// each(const ChunkPlace&) for every chunk, and end_record(const Record&) where a record ends.
    template <typename BeginRecord, typename Each, typename EndRecord>
    void for_each_chunk(BeginRecord&& begin_record, Each&& each, EndRecord&& end_record) const;
    /// The same for code that needs no records.
    template <typename Each>
    void for_each_chunk(Each&& each) const;
    /// `<record id>_chunk_<n><frame>` of the given ORFs, for messages.
    std::vector<std::string> frame_ids(std::span<const std::uint32_t> wanted) const;
    void clear();
  };

  /// What is known of an ORF before any batch of the window is computed.
  struct Kept {
    bool result = false;
    PerEncoder<bool> embeddings;

    bool any() const {
      return result || embeddings[EncoderKind::kDnabertS] || embeddings[EncoderKind::kEsm2];
    }
  };
  /// What one encoder must compute.
  struct Lane {
    std::vector<std::uint32_t> orfs;  ///< numbers in the window: items of the plan
    TokenTable tokens;                ///< of `orfs`
    BatchPlan plan;
  };

  /// What was prepared: where each result comes from, and the batches.
  struct Prepared {
    std::vector<ResultRoute> routes;  ///< [orfs]
    std::vector<Kept> kept;           ///< [orfs]; empty: nothing is
    PerEncoder<Lane> lanes;
    bool needs_scores = false;      ///< an ORF has neither a kept result nor an earlier equal
    std::uint64_t first_batch = 0;  ///< number of the window's first batch in the run

    bool is_recalled(std::size_t orf) const { return !kept.empty() && kept[orf].result; }
    bool has_embedding(std::size_t orf, EncoderKind kind) const {
      return !kept.empty() && kept[orf].embeddings[kind];
    }
    std::size_t batches() const {
      return lanes[EncoderKind::kDnabertS].plan.batches() +
             lanes[EncoderKind::kEsm2].plan.batches();
    }
    void clear();
  };

  /// An ORF that gets its result without embeddings: recalled, or failed with a reason.
  struct Settled {
    std::uint32_t orf = 0;
    float p_others = 0.0f;
    float p_virus = 0.0f;
    std::string failure;  ///< empty: scored
  };

  /// What was computed. Repeats get only their result, and get it before the window is taken:
  /// scores if classified, else features. Until then their rows are 0.
  struct Computed {
    std::vector<float> features;  ///< [orfs, both widths]
    std::vector<float> scores;    ///< [orfs, 2]: P(others), P(virus); empty when not classified
    std::atomic<std::size_t> batches_left{0};
    std::vector<Settled> settled;  ///< in any order

    /// Several threads may call either at once; while batches of the window are being computed,
    /// `settled` must not be used in any other way.
    void settle(Settled result);
    bool is_settled(std::uint32_t orf) const;

    /// P(others), P(virus), of a classified window.
    std::span<float, 2> scores_of(std::size_t orf) {
      return std::span<float, 2>(scores.data() + 2 * orf, 2);
    }
    std::span<const float, 2> scores_of(std::size_t orf) const {
      return std::span<const float, 2>(scores.data() + 2 * orf, 2);
    }
    void clear();

   private:
    mutable std::mutex settling_;
  };

  static constexpr std::uint64_t kOwnResult = ~std::uint64_t{0};

  /// What the window says about its ORFs beside their values. Complete when it is taken.
  struct Finished {
    std::vector<std::uint64_t> same_as;             ///< [orfs]: number of an equal ORF, kOwnResult
    std::map<std::uint32_t, std::string> failures;  ///< why an ORF has no result

    bool has_failed(std::size_t orf) const {
      return failures.contains(static_cast<std::uint32_t>(orf));
    }
    void clear();
  };

  std::uint64_t number = 0;  ///< in the run, from 0
  Read read;
  Prepared prepared;
  Computed computed;
  Finished finished;

  void clear();
};

template <typename BeginRecord, typename Each, typename EndRecord>
void Window::Read::for_each_chunk(BeginRecord&& begin_record, Each&& each,
                                  EndRecord&& end_record) const {
  std::size_t number = 0;
  std::uint32_t orf = 0;
  for (const Part& part : parts) {
    if (part.begins) begin_record(*part.record);
    for (const std::size_t end = number + part.chunk_count; number < end; ++number) {
      const ChunkEntry& entry = chunks[number];
      const std::uint32_t end_orf = orf + static_cast<std::uint32_t>(entry.orf_count);
      each(ChunkPlace{*part.record, entry.chunk, number, orf, end_orf});
      orf = end_orf;
    }
    if (part.ends) end_record(*part.record);
  }
}

template <typename Each>
void Window::Read::for_each_chunk(Each&& each) const {
  const auto nothing = [](const Record&) {};
  for_each_chunk(nothing, each, nothing);
}

}  // namespace virnucpro
