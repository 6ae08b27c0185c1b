#include "backend/cuda/arena.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"

namespace virnucpro::cuda {
namespace {

/// A piece of no bytes needs an address of its own, too.
std::size_t rounded(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + Arena::kAlignment - 1) / Arena::kAlignment *
         Arena::kAlignment;
}

}  // namespace

Arena::Arena(std::size_t capacity) : capacity_(capacity / kAlignment * kAlignment) {
  if (capacity_ > 0) free_.emplace(0, capacity_);
}

std::optional<std::size_t> Arena::take(std::size_t bytes) {
  if (bytes > capacity_) return std::nullopt;  // before rounding, which could overflow
  const std::size_t wanted = rounded(bytes);
  auto best = free_.end();
  for (auto range = free_.begin(); range != free_.end(); ++range) {
    if (range->second < wanted) continue;
    if (best == free_.end() || range->second < best->second) best = range;
  }
  if (best == free_.end()) return std::nullopt;
  const auto [offset, available] = *best;
  free_.erase(best);
  if (available > wanted) free_.emplace(offset + wanted, available - wanted);
  taken_.emplace(offset, wanted);
  used_ += wanted;
  peak_ = std::max(peak_, used_);
  return offset;
}

void Arena::give_back(std::size_t offset) {
  const auto piece = taken_.find(offset);
  check(piece != taken_.end(), "arena: nothing was taken at {}", offset);
  std::size_t first = offset;
  std::size_t bytes = piece->second;
  used_ -= bytes;
  taken_.erase(piece);
  auto next = free_.upper_bound(first);
  if (next != free_.begin()) {
    const auto before = std::prev(next);
    if (before->first + before->second == first) {
      first = before->first;
      bytes += before->second;
      free_.erase(before);
    }
  }
  if (next != free_.end() && first + bytes == next->first) {
    bytes += next->second;
    free_.erase(next);
  }
  free_.emplace(first, bytes);
}

std::size_t Arena::largest_free() const {
  std::size_t largest = 0;
  for (const auto& [offset, bytes] : free_) largest = std::max(largest, bytes);
  return largest;
}

}  // namespace virnucpro::cuda
