#include "pipeline/batch_budget.h"

#include <algorithm>

#include "base/check.h"

namespace virnucpro {
namespace {

// Every batch widens all weights once: 6 % of its time at 1024 rows, 1.5 % at 4096, 0.8 % at 8192.
// Below, that cost would double again; above, there is nothing left to win.
constexpr std::int64_t kLeast = 1024;
constexpr std::int64_t kMost = 8192;
// Where the system does not say how much there is: 335 MB at most with ESM-2 650M.
constexpr std::int64_t kWhereUnknown = 4096;
// Numbers that differ by a little free memory should not give other batches in every run.
constexpr std::int64_t kStep = 256;
// Activations of a token, in widths of float32: ESM-2 holds 7 (stream, norm, attention, and 4 of
// the feed-forward), DNABERT-S 15; one workspace serves both.
constexpr std::int64_t kWidths = 16;
// What is available also has to hold windows, pages of the weights and other programs.
constexpr std::uint64_t kShare = 8;

}  // namespace

std::int64_t automatic_batch_tokens(std::optional<std::uint64_t> available_bytes,
                                    std::int64_t widest, std::size_t workers) {
  check(widest > 0 && workers > 0, "a batch for {} workers of width {}", workers, widest);
  if (!available_bytes) return kWhereUnknown;
  const std::uint64_t token_bytes =
      static_cast<std::uint64_t>(widest * kWidths) * sizeof(float) * workers;
  const std::uint64_t tokens =
      std::min<std::uint64_t>(*available_bytes / kShare / token_bytes, kMost);
  return std::max(kLeast, static_cast<std::int64_t>(tokens) / kStep * kStep);
}

}  // namespace virnucpro
