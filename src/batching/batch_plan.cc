#include "batching/batch_plan.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>

#include "base/check.h"

namespace virnucpro {
namespace {

constexpr std::size_t kNoBatch = std::numeric_limits<std::size_t>::max();

/// The free tokens of each batch in a complete binary tree of maxima, so that the first batch with
/// enough room is found in O(log n).
class FreeTokens {
 public:
  explicit FreeTokens(std::size_t batches)
      : leaves_(std::bit_ceil(std::max<std::size_t>(batches, 1))), largest_(2 * leaves_, 0) {}

  /// kNoBatch when no batch has `wanted` tokens left.
  std::size_t first_with(std::int64_t wanted) const {
    if (largest_[1] < wanted) return kNoBatch;
    std::size_t node = 1;
    while (node < leaves_) {
      node *= 2;
      if (largest_[node] < wanted) ++node;
    }
    return node - leaves_;
  }

  std::int64_t operator[](std::size_t batch) const { return largest_[leaves_ + batch]; }

  void set(std::size_t batch, std::int64_t free_tokens) {
    std::size_t node = leaves_ + batch;
    largest_[node] = free_tokens;
    while (node > 1) {
      node /= 2;
      largest_[node] = std::max(largest_[2 * node], largest_[2 * node + 1]);
    }
  }

 private:
  std::size_t leaves_;
  std::vector<std::int64_t> largest_;
};

/// Starts `plan` with all sequences, longest first; equal lengths keep the order of the window.
void sort_by_length(std::span<const std::int32_t> lengths, std::int64_t budget, BatchPlan& plan) {
  check(budget >= 1, "a batch budget of {} tokens", budget);
  check(lengths.size() < std::numeric_limits<std::uint32_t>::max(), "a window of {} sequences",
        lengths.size());
  plan.order.resize(lengths.size());
  std::iota(plan.order.begin(), plan.order.end(), 0u);
  plan.first.assign(1, 0);
  plan.tokens = 0;
  plan.capacity = 0;
  for (const std::int32_t length : lengths) {
    check(length >= 1, "a sequence of {} tokens", length);
    plan.tokens += static_cast<std::uint64_t>(length);
  }
  std::sort(plan.order.begin(), plan.order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return lengths[a] != lengths[b] ? lengths[a] > lengths[b] : a < b;
  });
}

}  // namespace

double BatchPlan::efficiency() const {
  return capacity == 0 ? 1.0 : static_cast<double>(tokens) / static_cast<double>(capacity);
}

void plan_packed(std::span<const std::int32_t> lengths, std::int64_t budget, BatchPlan& plan) {
  sort_by_length(lengths, budget, plan);
  if (plan.order.empty()) return;
  // As many batches as the budget needs, all about equally full. Room for an even share and the
  // longest sequence is enough: a batch without room for a sequence holds that share already.
  const auto tokens = static_cast<std::int64_t>(plan.tokens);
  const std::int64_t count = (tokens + budget - 1) / budget;
  const std::int64_t longest = lengths[plan.order.front()];
  budget = std::min(budget, (tokens + count - 1) / count + longest);
  FreeTokens free_tokens(lengths.size());
  std::vector<std::size_t> batch_of(lengths.size());
  std::vector<std::size_t> sizes;
  for (const std::uint32_t item : plan.order) {
    const std::int64_t length = lengths[item];
    std::size_t batch = free_tokens.first_with(length);
    if (batch == kNoBatch) {
      batch = sizes.size();
      sizes.push_back(0);
      const std::int64_t size = std::max(budget, length);
      plan.capacity += static_cast<std::uint64_t>(size);
      free_tokens.set(batch, size);
    }
    free_tokens.set(batch, free_tokens[batch] - length);
    batch_of[item] = batch;
    ++sizes[batch];
  }
  plan.first.resize(sizes.size() + 1);
  std::inclusive_scan(sizes.begin(), sizes.end(), plan.first.begin() + 1);
  // Inside a batch the order of the window is kept: neighbours in the input stay neighbours.
  std::vector<std::size_t> next(plan.first.begin(), plan.first.end() - 1);
  for (std::uint32_t item = 0; item < lengths.size(); ++item) {
    plan.order[next[batch_of[item]]++] = item;
  }
}

void plan_padded(std::span<const std::int32_t> lengths, std::int64_t budget, BatchPlan& plan) {
  sort_by_length(lengths, budget, plan);
  std::size_t begin = 0;
  while (begin < plan.order.size()) {
    const std::int64_t longest = lengths[plan.order[begin]];
    const std::int64_t rows = std::max<std::int64_t>(1, budget / longest);
    begin = std::min(plan.order.size(), begin + static_cast<std::size_t>(rows));
    plan.first.push_back(begin);
    plan.capacity += static_cast<std::uint64_t>(std::max(budget, longest));
  }
}

void gather(const TokenTable& table, std::span<const std::uint32_t> members, PackedBatch& batch) {
  batch.clear();
  for (const std::uint32_t member : members) {
    const std::span<const std::int32_t> sequence = table.sequence(member);
    batch.tokens.insert(batch.tokens.end(), sequence.begin(), sequence.end());
    batch.cu_seqlens.push_back(static_cast<std::int32_t>(batch.tokens.size()));
  }
}

}  // namespace virnucpro
