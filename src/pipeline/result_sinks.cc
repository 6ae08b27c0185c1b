#include "pipeline/result_sinks.h"

#include "base/check.h"
#include "base/escape.h"
#include "sequence/ids.h"

namespace virnucpro {
namespace {

/// `failed` of the chunk's ORFs have no embedding.
Outcome outcome_of(const Window::ChunkEntry& entry, std::size_t failed) {
  if (failed > 0) return Outcome::kFailed;
  if (entry.orf_count > 0) return Outcome::kScored;
  return outcome_without_orf(entry.chunk.end - entry.chunk.start);
}

}  // namespace

void EmbeddingSink::take(const Window& window) {
  rows_.clear();
  ids_.clear();
  features_.clear();
  const std::size_t width = window.orfs.empty() ? 0 : window.features.size() / window.orfs.size();
  std::size_t chunk = 0;
  std::size_t orf = 0;
  for (const Window::Part& part : window.parts) {
    const Record& record = *part.record;
    if (part.begins) begin_record(record);
    for (std::size_t i = 0; i < part.chunk_count; ++i) {
      const Window::ChunkEntry& entry = window.chunks[chunk++];
      const std::string name =
          entry.orf_count == 0 ? std::string() : chunk_id(unique_id_, entry.chunk.index);
      std::size_t failed = 0;
      for (std::size_t k = 0; k < entry.orf_count; ++k, ++orf) {
        if (window.has_failed(orf)) {
          ++failed;
          continue;
        }
        const Frame frame = window.orfs[orf].frame;
        const std::string_view text = frame_name(frame);
        rows_.push_back({record.ordinal, entry.chunk.index, {text[0], text[1]}});
        ids_.push_back(frame_id(name, frame));
        if (window.failures.empty()) continue;  // the features go as they are
        const float* const row = window.features.data() + orf * width;
        features_.insert(features_.end(), row, row + width);
      }
      ledger_.failed_frames += failed;
      outcomes_.add(outcome_of(entry, failed));
      ledger_.chunks.add(outcome_of(entry, failed));
    }
    if (part.ends) ledger_.records.add(outcome_of_record(outcomes_));
  }
  file_.append(rows_, ids_, window.failures.empty() ? window.features : features_);
  ledger_.frames += ids_.size();
}

void EmbeddingSink::begin_record(const Record& record) {
  check(record.ordinal == file_.records(), "record {} after {} others", record.ordinal,
        file_.records());
  const std::string id = escaped(record.id);
  file_.add_record(id);
  unique_id_ = unique_ids_.assign(id);
  outcomes_ = {};
}

}  // namespace virnucpro
