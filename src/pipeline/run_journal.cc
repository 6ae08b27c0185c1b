#include "pipeline/run_journal.h"

#include <algorithm>

#include "base/check.h"
#include "base/errors.h"
#include "base/format.h"
#include "pipeline/stored_rules.h"
#include "pipeline/stored_sessions.h"
#include "sequence/packed_bases.h"

namespace virnucpro {
namespace {

StoredEncoder stored(EncoderKind encoder) {
  return encoder == EncoderKind::kDnabertS ? StoredEncoder::kDnabertS : StoredEncoder::kEsm2;
}

}  // namespace

RunJournal::RunJournal(RunDatabase& database, Options options)
    : database_(database),
      options_(options),
      recalled_(database.extent()),
      input_(database, options.is_known_input),
      start_(Clock::now()),
      last_save_(start_) {
  check(!database.is_complete(), "a journal for a run that is complete");
}

void RunJournal::recall(Window& window) {
  for (const Window::Part& part : window.parts) {
    if (part.begins) input_.compare(*part.record);
  }
  window.kept.assign(window.orfs.size(), 0);
  recall_results(window);
  recall_features(window);
  if (options_.kept != nullptr) recall_kept(window);
}

void RunJournal::recall_kept(Window& window) {
  KeptRows& kept = *options_.kept;
  std::size_t chunk = 0;
  std::uint32_t orf = 0;
  for (const Window::Part& part : window.parts) {
    const Record& record = *part.record;
    if (part.begins) {
      kept_packed_.clear();
      pack_bases(record.bases, kept_packed_);
      kept.begin_record({record.ordinal, record.id, record.bases.size(), kept_packed_});
    }
    for (std::size_t i = 0; i < part.chunk_count; ++i) {
      const Chunk& bases = window.chunks[chunk].chunk;
      const std::size_t count = window.chunks[chunk].orf_count;
      const std::uint64_t number = window.first_chunk + chunk++;
      const std::uint64_t first = window.first_orf + orf;
      if (number >= recalled_.chunks && count > 0) {
        kept.read_chunk(number, first, count,
                        [&](const StoredChunk& stored, std::span<const StoredOrf> rows) {
                          if (stored.start != bases.start || stored.end != bases.end) return;
                          for (const StoredOrf& row : rows) recall_kept(window, row);
                        });
      }
      orf += static_cast<std::uint32_t>(count);
    }
  }
  if (!options_.is_known_input) return;
  // Batches whose windows had not come to their end.
  for (std::uint32_t i = 0; i < window.orfs.size(); ++i) {
    if (window.kept[i] != 0 || window.first_orf + i < recalled_.orfs) continue;
    if (recall_kept(window, i, EncoderKind::kDnabertS)) window.kept[i] |= Window::kDnabertSKept;
    if (recall_kept(window, i, EncoderKind::kEsm2)) window.kept[i] |= Window::kEsm2Kept;
  }
}

void RunJournal::recall_kept(Window& window, const StoredOrf& row) {
  const auto orf = static_cast<std::uint32_t>(row.number - window.first_orf);
  // Another program may have given a checksum to what no run could have stored.
  if (row.frame != static_cast<std::uint8_t>(window.orfs[orf].frame)) return;
  if (!are_possible_scores(row)) return;
  // A result is stored with its embeddings, or made again.
  if (options_.keep_embeddings && row.outcome == Outcome::kScored && !row.same_as &&
      !(recall_kept(window, orf, EncoderKind::kDnabertS) &&
        recall_kept(window, orf, EncoderKind::kEsm2))) {
    return;
  }
  window.kept[orf] |= Window::kResultKept;
  window.settle({orf, row.p_others, row.p_virus, std::string(row.reason)});
}

bool RunJournal::recall_kept(Window& window, std::uint32_t orf, EncoderKind encoder) {
  const bool is_dna = encoder == EncoderKind::kDnabertS;
  const std::vector<float> values =
      options_.kept->read_embedding(window.first_orf + orf, stored(encoder));
  if (values.size() != (is_dna ? options_.dnabert_width : options_.esm2_width)) return false;
  const std::size_t row = options_.dnabert_width + options_.esm2_width;
  std::copy(values.begin(), values.end(),
            window.features.begin() +
                static_cast<std::ptrdiff_t>(orf * row + (is_dna ? 0 : options_.dnabert_width)));
  return true;
}

void RunJournal::recall_results(Window& window) {
  const std::uint64_t end = std::min(window.first_orf + window.orfs.size(), recalled_.orfs);
  if (window.first_orf >= end) return;
  database_.read_orfs(window.first_orf, end, [&](const StoredOrf& kept) {
    const auto orf = static_cast<std::uint32_t>(kept.number - window.first_orf);
    if (kept.frame != static_cast<std::uint8_t>(window.orfs[orf].frame)) {
      throw InputError(fmt::format(
          "{}: ORF {} is frame {} there and {} in the input: the database is damaged. Start over "
          "with --force.",
          database_.path(), kept.number, kept.frame, frame_name(window.orfs[orf].frame)));
    }
    window.kept[orf] |= Window::kResultKept;
    window.settle({orf, kept.p_others, kept.p_virus, std::string(kept.reason)});
  });
}

void RunJournal::recall_features(Window& window) {
  const std::size_t row = options_.dnabert_width + options_.esm2_width;
  database_.read_embeddings(
      std::max(window.first_orf, recalled_.orfs), window.first_orf + window.orfs.size(),
      [&](std::uint64_t number, StoredEncoder encoder, std::span<const float> values) {
        const bool is_dna = encoder == StoredEncoder::kDnabertS;
        if (values.size() != (is_dna ? options_.dnabert_width : options_.esm2_width)) {
          throw InputError(
              fmt::format("{}: the embedding of ORF {} has {} values: the database is damaged. "
                          "Start over with --force.",
                          database_.path(), number, values.size()));
        }
        const std::size_t orf = number - window.first_orf;
        std::copy(values.begin(), values.end(),
                  window.features.begin() + static_cast<std::ptrdiff_t>(
                                                orf * row + (is_dna ? 0 : options_.dnabert_width)));
        window.kept[orf] |= is_dna ? Window::kDnabertSKept : Window::kEsm2Kept;
      });
}

void RunJournal::batch_done(const Window& window, EncoderKind encoder,
                            std::span<const std::uint32_t> orfs) {
  if (!options_.is_known_input) return;
  batches_.push_back({&window, encoder, {orfs.begin(), orfs.end()}});
  has_unsaved_ = true;
}

void RunJournal::put_features(const Window& window, EncoderKind encoder, std::uint32_t orf) {
  const bool is_dna = encoder == EncoderKind::kDnabertS;
  const std::size_t row = options_.dnabert_width + options_.esm2_width;
  database_.put_embedding(window.first_orf + orf, stored(encoder),
                          std::span(window.features)
                              .subspan(orf * row + (is_dna ? 0 : options_.dnabert_width),
                                       is_dna ? options_.dnabert_width : options_.esm2_width));
}

void RunJournal::window_done(const Window& window) {
  std::erase_if(batches_, [&](const Batch& batch) { return batch.window == &window; });
  std::size_t chunk = 0;
  std::uint32_t orf = 0;
  for (const Window::Part& part : window.parts) {
    const Record& record = *part.record;
    if (part.begins) {
      open_ = {};
      if (records_++ >= recalled_.records) {
        packed_.clear();
        pack_bases(record.bases, packed_);
        database_.begin_record({record.ordinal, record.id, record.bases.size(), packed_});
      }
    }
    for (std::size_t i = 0; i < part.chunk_count; ++i, ++chunk) {
      store_chunk(window, chunk, orf);
      orf += static_cast<std::uint32_t>(window.chunks[chunk].orf_count);
    }
    // Of the last record that was recalled only the beginning may be there.
    if (part.ends && records_ >= recalled_.records) {
      database_.end_record(record.ordinal, outcome_of_record(open_.outcomes), open_.reason);
    }
  }
  if (!options_.keep_embeddings) {
    database_.drop_embeddings_before(window.first_orf + window.orfs.size());
  }
  has_unsaved_ = true;
}

void RunJournal::store_chunk(const Window& window, std::size_t chunk, std::uint32_t first_orf) {
  const Window::ChunkEntry& entry = window.chunks[chunk];
  const auto end_orf = static_cast<std::uint32_t>(first_orf + entry.orf_count);
  StoredChunk row{.number = window.first_chunk + chunk,
                  .record = static_cast<std::uint64_t>(entry.chunk.record),
                  .index = static_cast<std::uint64_t>(entry.chunk.index),
                  .start = static_cast<std::uint64_t>(entry.chunk.start),
                  .end = static_cast<std::uint64_t>(entry.chunk.end),
                  .outcome = Outcome::kScored,
                  .reason = {}};
  if (entry.orf_count == 0) row.outcome = outcome_without_orf(row.end - row.start);
  // A call on some of a chunk's frames would pass for one on all of them.
  const auto failure = window.failures.lower_bound(first_orf);
  if (failure != window.failures.end() && failure->first < end_orf) {
    row.outcome = Outcome::kFailed;
    row.reason = failure->second;
    if (open_.reason.empty()) open_.reason = failure->second;
  }
  open_.outcomes.add(row.outcome);
  if (row.number >= recalled_.chunks) database_.add_chunk(row);
  for (std::uint32_t orf = first_orf; orf < end_orf; ++orf) store_orf(window, row.number, orf);
}

void RunJournal::store_orf(const Window& window, std::uint64_t chunk, std::uint32_t orf) {
  StoredOrf row;
  row.number = window.first_orf + orf;
  if (row.number < recalled_.orfs) return;
  row.chunk = chunk;
  row.frame = static_cast<std::uint8_t>(window.orfs[orf].frame);
  const bool is_own = window.same_as[orf] == Window::kOwnResult;
  if (!is_own) row.same_as = window.same_as[orf];
  if (const auto failure = window.failures.find(orf); failure != window.failures.end()) {
    row.outcome = Outcome::kFailed;
    row.reason = failure->second;
  } else {
    const std::span<const float, 2> scores = window.scores_of(orf);
    row.p_others = scores[0];
    row.p_virus = scores[1];
  }
  database_.add_orf(row);
  if (!is_own) return;
  if (window.kept.empty() || (window.kept[orf] & Window::kResultKept) == 0) ++orfs_computed_;
  if (!options_.keep_embeddings || row.outcome == Outcome::kFailed) return;
  put_features(window, EncoderKind::kDnabertS, orf);
  put_features(window, EncoderKind::kEsm2, orf);
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
      // A sequence that failed has no embedding to keep: it is tried again.
      if (!batch.window->is_settled(orf)) put_features(*batch.window, batch.encoder, orf);
    }
  }
  batches_.clear();
  if (has_unsaved_) {
    if (options_.before_save) options_.before_save();
    database_.update_session(std::chrono::duration<double>(Clock::now() - start_).count(),
                             orfs_computed_);
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
