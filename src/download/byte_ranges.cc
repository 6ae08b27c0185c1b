#include "download/byte_ranges.h"

#include <algorithm>
#include <iterator>

namespace virnucpro {

void ByteRanges::add(ByteRange range) {
  if (range.begin >= range.end) return;
  auto next = ranges_.upper_bound(range.begin);
  if (next != ranges_.begin()) {
    const auto before = std::prev(next);
    if (before->second >= range.begin) {
      range = {before->first, std::max(before->second, range.end)};
      next = ranges_.erase(before);
    }
  }
  while (next != ranges_.end() && next->first <= range.end) {
    range.end = std::max(range.end, next->second);
    next = ranges_.erase(next);
  }
  ranges_.emplace(range.begin, range.end);
}

std::uint64_t ByteRanges::size() const {
  std::uint64_t bytes = 0;
  for (const auto& [begin, end] : ranges_) bytes += end - begin;
  return bytes;
}

std::vector<ByteRange> ByteRanges::ranges() const {
  std::vector<ByteRange> list;
  for (const auto& [begin, end] : ranges_) list.push_back({begin, end});
  return list;
}

std::optional<ByteRange> ByteRanges::first_missing(std::uint64_t end, std::uint64_t longest,
                                                   const std::vector<ByteRange>& others) const {
  ByteRanges taken = *this;
  for (const ByteRange& other : others) taken.add(other);
  std::uint64_t begin = 0;
  for (const auto& [from, to] : taken.ranges_) {
    if (begin >= end) return std::nullopt;
    if (from > begin) return ByteRange{begin, std::min({from, end, begin + longest})};
    begin = to;
  }
  if (begin >= end) return std::nullopt;
  return ByteRange{begin, std::min(end, begin + longest)};
}

}  // namespace virnucpro
