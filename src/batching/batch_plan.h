// Decides which sequences share a batch: packed first-fit-decreasing, or rows by length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "batching/token_table.h"
#include "tensor/packed_batch.h"

namespace virnucpro {

/// Batch b holds the sequences order[first[b]] .. order[first[b + 1] - 1], numbers of the window
/// from 0. Every sequence is in exactly one batch. Plain data, reused from window to window.
struct BatchPlan {
  std::vector<std::uint32_t> order;
  std::vector<std::size_t> first = {0};
  std::uint64_t tokens = 0;    ///< in all batches, padding not counted
  std::uint64_t capacity = 0;  ///< of all batches; of an oversized one, its own size

  std::size_t batches() const { return first.size() - 1; }
  std::span<const std::uint32_t> batch(std::size_t b) const {
    return {order.data() + first[b], first[b + 1] - first[b]};
  }
  /// tokens / capacity, in (0, 1]; 1 for an empty plan.
  double efficiency() const;
};

/// First-fit-decreasing: at most `budget` tokens a batch, and about as many in each; a longer
/// sequence gets a batch of its own. O(n log n) and a function of lengths and budget alone. Throws
/// ContractError for a budget or a length below 1. Thread-safe with one plan per thread.
void plan_packed(std::span<const std::int32_t> lengths, std::int64_t budget, BatchPlan& plan);

/// Rows of similar length: their number times the longest is at most `budget`. The same promises.
void plan_padded(std::span<const std::int32_t> lengths, std::int64_t budget, BatchPlan& plan);

/// Copies the `members` of `table` into `batch`, in their order.
void gather(const TokenTable& table, std::span<const std::uint32_t> members, PackedBatch& batch);

}  // namespace virnucpro
