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
#include "pipeline/repeats.h"
#include "sequence/chunks.h"
#include "sequence/frames.h"
#include "sequence/record.h"

namespace virnucpro {

/// Where a window ends: at the first limit reached, also inside a record. They bound the memory of
/// a run whatever its input; no result depends on them.
struct WindowLimits {
  /// See limits_for(); features of the largest models take 24 KB an ORF.
  std::size_t orfs = 512;
  /// Chunks without ORFs cost 48 bytes each, so windows of stop-rich DNA may be long.
  std::size_t chunks = 65536;
  /// Of records that begin in the window; they are held until their last window is written. Four
  /// times what 512 ORFs of bacteria come from.
  std::size_t bases = std::size_t{2} << 20;
};

/// Limits for batches of `batch_tokens`: windows of at least 7 batches of usual ORFs (110 tokens of
/// DNA, 170 of protein). A window wastes at most half a pass over the weights, and a pass costs 1 %
/// of a batch; larger windows would only take memory.
WindowLimits limits_for(std::int64_t batch_tokens);

/// Chunks of consecutive records with their ORFs, tokens, batches and results. Items are known by
/// their position. Passed from stage to stage, then cleared and filled again.
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
    std::size_t nucleotides_end = 0;  ///< in `nucleotides`; begins where the one before ends
    std::size_t protein_end = 0;
  };

  /// What is known of an ORF before any batch of the window is computed.
  enum Kept : std::uint8_t { kDnabertSKept = 1, kEsm2Kept = 2, kResultKept = 4 };
  /// An ORF that gets its result without embeddings: recalled, or failed with a reason.
  struct Settled {
    std::uint32_t orf = 0;
    float p_others = 0.0f;
    float p_virus = 0.0f;
    std::string failure;  ///< empty: scored
  };
  static constexpr std::uint64_t kOwnResult = ~std::uint64_t{0};

  std::uint64_t number = 0;
  std::uint64_t first_chunk = 0;  ///< numbers in the run of the window's first chunk and ORF
  std::uint64_t first_orf = 0;
  std::vector<Part> parts;
  std::vector<ChunkEntry> chunks;
  std::vector<OrfEntry> orfs;
  std::string nucleotides;
  std::string proteins;
  std::size_t bases = 0;

  std::vector<ResultRoute> routes;      ///< [orfs]
  std::vector<std::uint8_t> kept;       ///< [orfs], bits of Kept; empty: nothing is
  std::vector<std::uint32_t> dna_orfs;  ///< what is to be computed: items of the plans
  std::vector<std::uint32_t> protein_orfs;
  TokenTable dna_tokens;  ///< of `dna_orfs`
  TokenTable protein_tokens;
  bool needs_scores = false;  ///< an ORF has neither a kept result nor an equal one before it
  BatchPlan dna_plan;
  BatchPlan protein_plan;
  std::uint64_t first_batch = 0;  ///< number of the window's first batch in the run
  std::atomic<std::size_t> batches_left{0};

  // Repeats get their result, and only that, before the window is taken: scores if classified, else
  // features. Until then their rows are 0.
  std::vector<float> features;  ///< [orfs, both widths]
  std::vector<float> scores;    ///< [orfs, 2]: P(others), P(virus); empty when not classified

  /// In any order. Both functions may be called by several threads at once, and only they while
  /// batches of the window are at work.
  std::vector<Settled> settled;
  void settle(Settled result);
  bool is_settled(std::uint32_t orf) const;

  // Complete when the window is taken.
  std::vector<std::uint64_t> same_as;             ///< [orfs]: number of an equal ORF, or kOwnResult
  std::map<std::uint32_t, std::string> failures;  ///< why an ORF has no result

  std::string_view nucleotides_of(std::size_t orf) const {
    const std::size_t begin = orf == 0 ? 0 : orfs[orf - 1].nucleotides_end;
    return std::string_view(nucleotides).substr(begin, orfs[orf].nucleotides_end - begin);
  }
  std::string_view protein_of(std::size_t orf) const {
    const std::size_t begin = orf == 0 ? 0 : orfs[orf - 1].protein_end;
    return std::string_view(proteins).substr(begin, orfs[orf].protein_end - begin);
  }

  /// P(others), P(virus), of a classified window.
  std::span<float, 2> scores_of(std::size_t orf) {
    return std::span<float, 2>(scores.data() + 2 * orf, 2);
  }
  std::span<const float, 2> scores_of(std::size_t orf) const {
    return std::span<const float, 2>(scores.data() + 2 * orf, 2);
  }

  bool has_failed(std::size_t orf) const {
    return failures.contains(static_cast<std::uint32_t>(orf));
  }

  void clear();
  /// `<record id>_chunk_<n><frame>` of the given ORFs, for messages.
  std::vector<std::string> frame_ids(std::span<const std::uint32_t> wanted) const;

 private:
  mutable std::mutex settling_;
};

}  // namespace virnucpro
