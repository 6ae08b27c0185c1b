#include "devices/batch_budget.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "models/batch_parts.h"
#include "tensor/data_type.h"

namespace virnucpro {
namespace {

// Every batch widens all weights once: 6 % of its time at 1024 rows, 1.5 % at 4096, 0.8 % at 8192.
// With fewer rows that cost would double again; with more, nothing is left to gain.
constexpr std::int64_t kLeastTokens = 1024;
constexpr std::int64_t kMostTokens = 8192;
// Of each lane, where a batch is computed in parts: 16 whole ones, since all lanes wait for the
// last one, but four where there are many lanes: the first batch waits for the tokens of its
// window. Of a batch only the lanes' parts are in memory.
constexpr std::int64_t kTokensOfALane = 8192;
constexpr std::int64_t kTokensOfAFewLanes = 65536;
constexpr std::int64_t kLeastTokensOfALane = 2048;
// Where the available memory is not known: at most 335 MB with ESM-2 650M.
constexpr std::int64_t kTokensWhereUnknown = 4096;
// Small differences of free memory should not give other batches in every run.
constexpr std::int64_t kStepTokens = 256;
// Activations of a token, in widths of one element: ESM-2 holds 7 (stream, norm, attention, and 4
// of the feed-forward), DNABERT-S 15; one workspace serves both.
constexpr std::int64_t kWidths = 16;
// The available memory must also hold windows, pages of the weights and other programs.
constexpr std::uint64_t kShare = 8;

}  // namespace

std::int64_t automatic_batch_tokens(std::optional<std::uint64_t> available_bytes,
                                    std::int64_t widest, std::size_t workers) {
  check(widest > 0 && workers > 0, "a batch for {} workers of width {}", workers, widest);
  if (!available_bytes) return kTokensWhereUnknown;
  const std::uint64_t token_bytes =
      static_cast<std::uint64_t>(widest * kWidths) * sizeof(float) * workers;
  const std::uint64_t tokens =
      std::min<std::uint64_t>(*available_bytes / kShare / token_bytes, kMostTokens);
  return std::max(kLeastTokens, static_cast<std::int64_t>(tokens) / kStepTokens * kStepTokens);
}

std::int64_t automatic_batch_tokens(const BatchRoom& room, std::int64_t widest,
                                    std::size_t element_bytes) {
  check(widest > 0 && element_bytes > 0 && room.most_tokens > 0,
        "a batch of at most {} tokens of width {} with elements of {} bytes", room.most_tokens,
        widest, element_bytes);
  const std::uint64_t token_bytes = static_cast<std::uint64_t>(widest * kWidths) * element_bytes;
  const std::uint64_t tokens = std::min<std::uint64_t>(
      room.bytes / token_bytes, static_cast<std::uint64_t>(room.most_tokens));
  // Batches that are still too large are halved when the device says so.
  return std::max(kStepTokens, static_cast<std::int64_t>(tokens) / kStepTokens * kStepTokens);
}

std::int64_t automatic_batch_tokens(std::span<Backend* const> backends, Precision precision,
                                    std::int64_t widest,
                                    std::optional<std::uint64_t> available_bytes) {
  check(!backends.empty(), "batches for no device");
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  std::size_t on_host = 0;
  for (const Backend* backend : backends) {
    const std::optional<BatchRoom> room = backend->batch_room();
    if (!room) {
      ++on_host;
      continue;
    }
    const std::size_t element_bytes = size_of(backend->activation_type(precision));
    least = std::min(least, automatic_batch_tokens(*room, widest, element_bytes));
  }
  if (on_host == 0) return least;
  std::int64_t of_lanes = 0;
  for (Backend* backend : backends) {
    if (computes_in_parts(widest, *backend)) {
      const auto lanes = static_cast<std::int64_t>(backend->lanes().size());
      of_lanes = std::max(std::min(kTokensOfALane * lanes, kTokensOfAFewLanes),
                          kLeastTokensOfALane * lanes);
    }
  }
  return std::min(least,
                  std::max(of_lanes, automatic_batch_tokens(available_bytes, widest, on_host)));
}

}  // namespace virnucpro
