#include "pipeline/result_sinks.h"

#include "base/check.h"
#include "report/escape.h"
#include "sequence/ids.h"

namespace virnucpro {
namespace {

Outcome outcome_of(const Window::ChunkEntry& entry) {
  if (entry.orf_count > 0) return Outcome::kScored;
  return outcome_without_orf(entry.chunk.end - entry.chunk.start);
}

}  // namespace

void PredictionSink::take(const Window& window) {
  check(window.scores.size() == 2 * window.orfs.size(), "{} scores for {} frames",
        window.scores.size(), window.orfs.size());
  std::size_t chunk = 0;
  std::size_t orf = 0;
  for (const Window::Part& part : window.parts) {
    const Record& record = *part.record;
    if (part.begins) tables_.begin_record({record.ordinal, record.id, record.bases.size()});
    for (std::size_t i = 0; i < part.chunk_count; ++i) {
      const Window::ChunkEntry& entry = window.chunks[chunk++];
      frames_.clear();
      for (std::size_t k = 0; k < entry.orf_count; ++k, ++orf) {
        frames_.push_back({frame_name(window.orfs[orf].frame), window.scores[2 * orf],
                           window.scores[2 * orf + 1]});
      }
      tables_.chunk({entry.chunk.index, entry.chunk.start, entry.chunk.end, outcome_of(entry), {}},
                    frames_);
    }
    if (part.ends) tables_.end_record(record.bases);
  }
}

void EmbeddingSink::take(const Window& window) {
  ids_.clear();
  std::size_t chunk = 0;
  std::size_t orf = 0;
  for (const Window::Part& part : window.parts) {
    if (part.begins) {
      record_id_ = escaped(unique_ids_.assign(part.record->id), Escape::kMinimal);
      outcomes_ = {};
    }
    for (std::size_t i = 0; i < part.chunk_count; ++i) {
      const Window::ChunkEntry& entry = window.chunks[chunk++];
      outcomes_.add(outcome_of(entry));
      ledger_.chunks.add(outcome_of(entry));
      if (entry.orf_count == 0) continue;
      const std::string name = chunk_id(record_id_, entry.chunk.index);
      for (std::size_t k = 0; k < entry.orf_count; ++k, ++orf) {
        ids_.push_back(frame_id(name, window.orfs[orf].frame));
      }
    }
    if (part.ends) ledger_.records.add(outcome_of_record(outcomes_));
  }
  file_.append(ids_, window.features);
  ledger_.frames += ids_.size();
}

}  // namespace virnucpro
