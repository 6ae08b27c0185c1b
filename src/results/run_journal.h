// Makes a run's database the journal of its stages.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/stopwatch.h"
#include "pipeline/feature_layout.h"
#include "pipeline/journal.h"
#include "results/stored_input.h"
#include "run/kept_rows.h"
#include "run/ledger.h"
#include "run/run_database.h"
#include "run/stored_rows.h"

namespace virnucpro {

/// Stores windows as rows, and the embeddings of finished batches until their window is stored (or
/// for good, where they are kept). Borrows the database. Throws its errors.
class RunJournal final : public Journal {
 public:
  /// How long finished work may wait for its transaction: little beside a batch of large models,
  /// which is saved at once, but long enough that a disk which takes 20 ms to sync costs 2 %.
  static constexpr std::chrono::milliseconds kInterval{1000};

  struct Options {
    FeatureLayout layout;
    bool keep_embeddings = false;
    /// The input is the one that earlier processes read. Where that is unknown, as for a stream,
    /// embeddings of windows that are not stored yet may belong to other sequences: none is kept.
    bool is_known_input = true;
    /// Called before each commit; throws when the computed results may not be kept. May be empty.
    std::function<void()> before_save = {};
    std::chrono::milliseconds interval = kInterval;
    /// The proven rows of a damaged database; null: none.
    KeptRows* kept = nullptr;
  };

  /// `database` must not be complete. Its present content will be recalled.
  RunJournal(RunDatabase& database, Options options);

  void recall(Window& window) override;
  void batch_done(const Window& window, EncoderKind encoder,
                  std::span<const std::uint32_t> orfs) override;
  void window_done(const Window& window) override;
  Clock::time_point due() const override;
  void save(const FaultReport& faults) override;

  /// After the last window: nothing more will come. InputError when the database holds more.
  void finish();

 private:
  /// A finished batch whose window is not stored yet.
  struct Batch {
    const Window* window = nullptr;
    EncoderKind encoder = EncoderKind::kDnabertS;
    std::vector<std::uint32_t> orfs;
  };
  /// The current record of the writing thread.
  struct OpenRecord {
    OutcomeCounts outcomes;
    std::string reason;
  };

  void recall_results(Window& window);
  void recall_features(Window& window);
  void recall_kept(Window& window);
  void recall_kept(Window& window, const Window::ChunkPlace& place);
  void recall_kept(Window& window, const StoredOrf& orf);
  /// Copies a kept embedding into the ORF's row of features; false where there is none.
  bool recall_kept(Window& window, std::uint32_t orf, EncoderKind encoder);
  std::span<float> embedding_of(Window& window, std::size_t orf, EncoderKind encoder) const;
  void put_features(const Window& window, EncoderKind encoder, std::uint32_t orf);
  void begin_record(const Record& record);
  void end_record(const Record& record);
  void store_chunk(const Window& window, const Window::ChunkPlace& place);
  void store_orf(const Window& window, std::size_t chunk, std::uint32_t orf);

  RunDatabase& database_;
  const Options options_;
  const StoredExtent recalled_;  ///< rows before it are in the database already

  // Used by the tokenising thread alone.
  StoredInput input_;
  std::vector<std::byte> kept_packed_;

  // Used by the writing thread alone.
  std::uint64_t records_ = 0;  // records that have begun
  OpenRecord open_;
  std::vector<Batch> batches_;
  std::vector<std::byte> packed_;
  std::uint64_t orfs_computed_ = 0;  // by this process
  FaultReport faults_;               // as they are stored
  bool has_unsaved_ = false;
  const Stopwatch watch_;
  Clock::time_point last_save_;
};

}  // namespace virnucpro
