#include "jobs/embedding_sink.h"

#include "base/check.h"
#include "base/escape.h"
#include "sequence/ids.h"

namespace virnucpro {
namespace {

/// `failed` of the chunk's ORFs have no embedding.
Outcome outcome_of(const Window::ChunkPlace& place, std::size_t failed) {
  if (failed > 0) return Outcome::kFailed;
  if (place.orf_count() > 0) return Outcome::kScored;
  return outcome_without_orf(place.chunk.end - place.chunk.start);
}

}  // namespace

void EmbeddingSink::take(const Window& window) {
  rows_.clear();
  ids_.clear();
  features_.clear();
  window.read.for_each_chunk(
      [&](const Record& record) { begin_record(record); },
      [&](const Window::ChunkPlace& place) { add_chunk(window, place); },
      [&](const Record&) { ledger_.records.add(outcome_of_record(outcomes_)); });
  const bool is_whole = window.finished.failures.empty();
  file_.append(rows_, ids_, is_whole ? window.computed.features : features_);
  ledger_.frames += ids_.size();
}

void EmbeddingSink::add_chunk(const Window& window, const Window::ChunkPlace& place) {
  const std::vector<float>& features = window.computed.features;
  const std::string name =
      place.orf_count() == 0 ? std::string() : chunk_id(unique_id_, place.chunk.index);
  std::size_t failed = 0;
  for (std::uint32_t orf = place.first_orf; orf < place.end_orf; ++orf) {
    if (window.finished.has_failed(orf)) {
      ++failed;
      continue;
    }
    const Window::OrfEntry& entry = window.read.orfs[orf];
    const Frame frame = entry.frame;
    const std::string_view text = frame_name(frame);
    rows_.push_back({place.record.ordinal,
                     place.chunk.index,
                     {text[0], text[1]},
                     entry.start,
                     entry.end,
                     entry.is_run});
    ids_.push_back(frame_id(name, frame));
    if (window.finished.failures.empty()) continue;  // the features go as they are
    const std::size_t width = features.size() / window.read.orfs.size();
    const float* const row = features.data() + orf * width;
    features_.insert(features_.end(), row, row + width);
  }
  ledger_.failed_frames += failed;
  const Outcome outcome = outcome_of(place, failed);
  outcomes_.add(outcome);
  ledger_.chunks.add(outcome);
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
