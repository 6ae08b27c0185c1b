#include "results/run_journal.h"

#include <algorithm>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "results/stored_rules.h"
#include "results/stored_sessions.h"
#include "run/damage.h"
#include "sequence/packed_bases.h"

namespace virnucpro {
namespace {

constexpr PerEncoder<StoredEncoder> kStored = {{StoredEncoder::kDnabertS, StoredEncoder::kEsm2}};

EncoderKind kind_of(StoredEncoder stored) {
  return stored == kStored[EncoderKind::kDnabertS] ? EncoderKind::kDnabertS : EncoderKind::kEsm2;
}

}  // namespace

RunJournal::RunJournal(RunDatabase& database, Options options)
    : database_(database),
      options_(options),
      recalled_(database.extent()),
      input_(database, options.is_known_input),
      last_save_(Clock::now()) {
  check(!database.is_complete(), "a journal for a run that is complete");
}

void RunJournal::recall(Window& window) {
  for (const Window::Part& part : window.read.parts) {
    if (part.begins) input_.compare(*part.record);
  }
  window.prepared.kept.assign(window.read.orfs.size(), {});
  recall_results(window);
  recall_features(window);
  if (options_.kept != nullptr) recall_kept(window);
}

void RunJournal::recall_kept(Window& window) {
  window.read.for_each_chunk(
      [&](const Record& record) {
        kept_packed_.clear();
        pack_bases(record.bases, kept_packed_);
        options_.kept->begin_record({record.ordinal, record.id, record.bases.size(), kept_packed_});
      },
      [&](const Window::ChunkPlace& place) { recall_kept(window, place); }, [](const Record&) {});
  if (!options_.is_known_input) return;
  // These batches belong to windows that were not finished.
  for (std::uint32_t i = 0; i < window.read.orfs.size(); ++i) {
    Window::Kept& kept = window.prepared.kept[i];
    if (kept.any() || window.read.first_orf + i < recalled_.orfs) continue;
    for (const EncoderKind kind : kEncoderKinds) {
      kept.embeddings[kind] = recall_kept(window, i, kind);
    }
  }
}

void RunJournal::recall_kept(Window& window, const Window::ChunkPlace& place) {
  const std::uint64_t number = window.read.first_chunk + place.number;
  if (number < recalled_.chunks || place.orf_count() == 0) return;
  options_.kept->read_chunk(
      number, window.read.first_orf + place.first_orf, place.orf_count(),
      [&](const StoredChunk& stored, std::span<const StoredOrf> rows) {
        if (stored.start != place.chunk.start || stored.end != place.chunk.end) return;
        for (const StoredOrf& row : rows) recall_kept(window, row);
      });
}

void RunJournal::recall_kept(Window& window, const StoredOrf& row) {
  const auto orf = static_cast<std::uint32_t>(row.number - window.read.first_orf);
  // Another program may have given a valid checksum to rows that no run could store.
  if (row.frame != static_cast<std::uint8_t>(window.read.orfs[orf].frame)) return;
  if (!are_possible_scores(row)) return;
  // A result is kept only with its embeddings, or is computed again.
  if (options_.keep_embeddings && row.outcome == Outcome::kScored && !row.same_as &&
      !(recall_kept(window, orf, EncoderKind::kDnabertS) &&
        recall_kept(window, orf, EncoderKind::kEsm2))) {
    return;
  }
  window.prepared.kept[orf].result = true;
  window.computed.settle({orf, row.p_others, row.p_virus, std::string(row.reason)});
}

bool RunJournal::recall_kept(Window& window, std::uint32_t orf, EncoderKind encoder) {
  const std::vector<float> values =
      options_.kept->read_embedding(window.read.first_orf + orf, kStored[encoder]);
  if (values.size() != options_.layout.widths[encoder]) return false;
  std::ranges::copy(values, embedding_of(window, orf, encoder).begin());
  return true;
}

std::span<float> RunJournal::embedding_of(Window& window, std::size_t orf,
                                          EncoderKind encoder) const {
  return options_.layout.embedding(std::span(window.computed.features), orf, encoder);
}

void RunJournal::recall_results(Window& window) {
  const std::uint64_t first = window.read.first_orf;
  const std::uint64_t end = std::min(first + window.read.orfs.size(), recalled_.orfs);
  if (first >= end) return;
  database_.read_orfs(first, end, [&](const StoredOrf& kept) {
    const auto orf = static_cast<std::uint32_t>(kept.number - first);
    const Frame frame = window.read.orfs[orf].frame;
    if (kept.frame != static_cast<std::uint8_t>(frame)) {
      fail_damaged(database_.path(), fmt::format("ORF {} as frame {}, which is {} in the input",
                                                 kept.number, kept.frame, frame_name(frame)));
    }
    window.prepared.kept[orf].result = true;
    window.computed.settle({orf, kept.p_others, kept.p_virus, std::string(kept.reason)});
  });
}

void RunJournal::recall_features(Window& window) {
  const std::uint64_t first = window.read.first_orf;
  database_.read_embeddings(
      std::max(first, recalled_.orfs), first + window.read.orfs.size(),
      [&](std::uint64_t number, StoredEncoder stored, std::span<const float> values) {
        const EncoderKind encoder = kind_of(stored);
        if (values.size() != options_.layout.widths[encoder]) {
          fail_damaged(database_.path(),
                       fmt::format("an embedding of ORF {} with {} values", number, values.size()));
        }
        const std::size_t orf = number - first;
        std::ranges::copy(values, embedding_of(window, orf, encoder).begin());
        window.prepared.kept[orf].embeddings[encoder] = true;
      });
}

void RunJournal::batch_done(const Window& window, EncoderKind encoder,
                            std::span<const std::uint32_t> orfs) {
  if (!options_.is_known_input) return;
  batches_.push_back({&window, encoder, {orfs.begin(), orfs.end()}});
  has_unsaved_ = true;
}

void RunJournal::put_features(const Window& window, EncoderKind encoder, std::uint32_t orf) {
  database_.put_embedding(
      window.read.first_orf + orf, kStored[encoder],
      options_.layout.embedding(std::span(window.computed.features), orf, encoder));
}

void RunJournal::window_done(const Window& window) {
  std::erase_if(batches_, [&](const Batch& batch) { return batch.window == &window; });
  window.read.for_each_chunk([&](const Record& record) { begin_record(record); },
                             [&](const Window::ChunkPlace& place) { store_chunk(window, place); },
                             [&](const Record& record) { end_record(record); });
  if (!options_.keep_embeddings) {
    database_.drop_embeddings_before(window.read.first_orf + window.read.orfs.size());
  }
  has_unsaved_ = true;
}

void RunJournal::begin_record(const Record& record) {
  open_ = {};
  if (records_++ < recalled_.records) return;
  packed_.clear();
  pack_bases(record.bases, packed_);
  database_.begin_record({record.ordinal, record.id, record.bases.size(), packed_});
}

void RunJournal::end_record(const Record& record) {
  // Only the beginning of the last recalled record may be there.
  if (records_ < recalled_.records) return;
  database_.end_record(record.ordinal, outcome_of_record(open_.outcomes), open_.reason);
}

void RunJournal::store_chunk(const Window& window, const Window::ChunkPlace& place) {
  StoredChunk row{.number = window.read.first_chunk + place.number,
                  .record = static_cast<std::uint64_t>(place.chunk.record),
                  .index = static_cast<std::uint64_t>(place.chunk.index),
                  .start = static_cast<std::uint64_t>(place.chunk.start),
                  .end = static_cast<std::uint64_t>(place.chunk.end),
                  .outcome = Outcome::kScored,
                  .reason = {}};
  if (place.orf_count() == 0) row.outcome = outcome_without_orf(row.end - row.start);
  // A call by only some of a chunk's frames would look like a call by all of them.
  const std::map<std::uint32_t, std::string>& failures = window.finished.failures;
  const auto failure = failures.lower_bound(place.first_orf);
  if (failure != failures.end() && failure->first < place.end_orf) {
    row.outcome = Outcome::kFailed;
    row.reason = failure->second;
    if (open_.reason.empty()) open_.reason = failure->second;
  }
  open_.outcomes.add(row.outcome);
  if (row.number >= recalled_.chunks) database_.add_chunk(row);
  for (std::uint32_t orf = place.first_orf; orf < place.end_orf; ++orf) {
    store_orf(window, row.number, orf);
  }
}

void RunJournal::store_orf(const Window& window, std::uint64_t chunk, std::uint32_t orf) {
  StoredOrf row;
  row.number = window.read.first_orf + orf;
  if (row.number < recalled_.orfs) return;
  row.chunk = chunk;
  row.frame = static_cast<std::uint8_t>(window.read.orfs[orf].frame);
  const std::uint64_t same_as = window.finished.same_as[orf];
  const bool is_own = same_as == Window::kOwnResult;
  if (!is_own) row.same_as = same_as;
  const auto failure = window.finished.failures.find(orf);
  if (failure != window.finished.failures.end()) {
    row.outcome = Outcome::kFailed;
    row.reason = failure->second;
  } else {
    const std::span<const float, 2> scores = window.computed.scores_of(orf);
    row.p_others = scores[0];
    row.p_virus = scores[1];
  }
  database_.add_orf(row);
  if (!is_own) return;
  if (!window.prepared.is_recalled(orf)) ++orfs_computed_;
  if (!options_.keep_embeddings || row.outcome == Outcome::kFailed) return;
  for (const EncoderKind kind : kEncoderKinds) put_features(window, kind, orf);
}

RunJournal::Clock::time_point RunJournal::due() const {
  if (!has_unsaved_) return Clock::now() + std::chrono::hours(1);
  return last_save_ + options_.interval;
}

void RunJournal::save(const FaultReport& faults) {
  if (faults != faults_) {
    store_faults(database_, database_.sessions().size(), faults);
    faults_ = faults;
    has_unsaved_ = true;
  }
  for (const Batch& batch : batches_) {
    for (const std::uint32_t orf : batch.orfs) {
      // A failed sequence has no embedding to keep, so it is tried again.
      if (!batch.window->computed.is_settled(orf)) put_features(*batch.window, batch.encoder, orf);
    }
  }
  batches_.clear();
  if (has_unsaved_) {
    if (options_.before_save) options_.before_save();
    database_.update_session(watch_.seconds(), orfs_computed_);
    database_.commit();
  }
  has_unsaved_ = false;
  last_save_ = Clock::now();
}

void RunJournal::finish() {
  input_.require_all();
  database_.mark_complete();
  has_unsaved_ = true;
  save(faults_);
}

}  // namespace virnucpro
