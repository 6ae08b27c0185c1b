#include "pipeline/window.h"

#include <algorithm>
#include <utility>

#include "sequence/ids.h"

namespace virnucpro {

WindowLimits limits_for(std::int64_t batch_tokens) {
  // At the upper end the features of the largest models take 400 MB a window.
  constexpr std::int64_t kMost = 16384;
  constexpr std::int64_t kTokensPerOrf = 16;  // 7 batches of 110 tokens an ORF
  WindowLimits limits;
  const auto least = static_cast<std::int64_t>(limits.orfs);
  limits.orfs = static_cast<std::size_t>(std::clamp(batch_tokens / kTokensPerOrf, least, kMost));
  return limits;
}

void Window::clear() {
  parts.clear();
  chunks.clear();
  orfs.clear();
  nucleotides.clear();
  proteins.clear();
  bases = 0;
  routes.clear();
  kept.clear();
  dna_orfs.clear();
  protein_orfs.clear();
  needs_scores = false;
  dna_tokens.clear();
  protein_tokens.clear();
  scores.clear();
  settled.clear();
  same_as.clear();
  failures.clear();
}

void Window::settle(Settled result) {
  const std::lock_guard lock(settling_);
  settled.push_back(std::move(result));
}

bool Window::is_settled(std::uint32_t orf) const {
  const std::lock_guard lock(settling_);
  return std::any_of(settled.begin(), settled.end(),
                     [&](const Settled& result) { return result.orf == orf; });
}

std::vector<std::string> Window::frame_ids(std::span<const std::uint32_t> wanted) const {
  std::vector<std::string> all(orfs.size());
  std::size_t chunk_number = 0;
  std::size_t orf = 0;
  for (const Part& part : parts) {
    for (std::size_t i = 0; i < part.chunk_count; ++i) {
      const ChunkEntry& entry = chunks[chunk_number++];
      const std::string chunk = chunk_id(part.record->id, entry.chunk.index);
      for (std::size_t k = 0; k < entry.orf_count; ++k, ++orf) {
        all[orf] = frame_id(chunk, orfs[orf].frame);
      }
    }
  }
  std::vector<std::string> ids;
  ids.reserve(wanted.size());
  for (const std::uint32_t item : wanted) ids.push_back(all[item]);
  return ids;
}

}  // namespace virnucpro
