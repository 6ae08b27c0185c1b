#include "pipeline/window.h"

#include <algorithm>
#include <utility>

#include "sequence/ids.h"

namespace virnucpro {

WindowLimits limits_for(std::int64_t batch_tokens) {
  // With this limit the features of the largest models take 400 MB a window.
  constexpr std::int64_t kMostOrfs = 16384;
  constexpr std::int64_t kTokensPerOrf = 16;  // 7 batches of 110 tokens an ORF
  WindowLimits limits;
  const auto least = static_cast<std::int64_t>(limits.orfs);
  limits.orfs =
      static_cast<std::size_t>(std::clamp(batch_tokens / kTokensPerOrf, least, kMostOrfs));
  return limits;
}

void Window::Read::clear() {
  parts.clear();
  chunks.clear();
  orfs.clear();
  for (std::string& text : texts) text.clear();
  bases = 0;
}

void Window::Prepared::clear() {
  routes.clear();
  kept.clear();
  for (Lane& lane : lanes) {
    lane.orfs.clear();
    lane.tokens.clear();
  }
  needs_scores = false;
}

void Window::Computed::clear() {
  scores.clear();
  settled.clear();
}

void Window::Finished::clear() {
  same_as.clear();
  failures.clear();
}

void Window::clear() {
  read.clear();
  prepared.clear();
  computed.clear();
  finished.clear();
}

void Window::Computed::settle(Settled result) {
  const std::lock_guard lock(settling_);
  settled.push_back(std::move(result));
}

bool Window::Computed::is_settled(std::uint32_t orf) const {
  const std::lock_guard lock(settling_);
  return std::any_of(settled.begin(), settled.end(),
                     [&](const Settled& result) { return result.orf == orf; });
}

std::vector<std::string> Window::Read::frame_ids(std::span<const std::uint32_t> wanted) const {
  std::vector<std::string> all(orfs.size());
  for_each_chunk([&](const ChunkPlace& place) {
    const std::string chunk = chunk_id(place.record.id, place.chunk.index);
    for (std::uint32_t orf = place.first_orf; orf < place.end_orf; ++orf) {
      all[orf] = frame_id(chunk, orfs[orf].frame);
    }
  });
  std::vector<std::string> ids;
  ids.reserve(wanted.size());
  for (const std::uint32_t item : wanted) ids.push_back(all[item]);
  return ids;
}

}  // namespace virnucpro
