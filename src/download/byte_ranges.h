// Which bytes of a file are there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace virnucpro {

/// Bytes from `begin` up to, not including, `end`.
struct ByteRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  std::uint64_t size() const { return end - begin; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

/// A set of bytes as ranges that do not touch. Thread-confined.
class ByteRanges {
 public:
  /// Adds a range; empty ones change nothing.
  void add(ByteRange range);
  void clear() { ranges_.clear(); }

  bool empty() const { return ranges_.empty(); }
  /// The number of bytes in the set.
  std::uint64_t size() const;
  /// By rising position.
  std::vector<ByteRange> ranges() const;
  /// The first range below `end` that is neither here nor in `others`, cut to `longest` bytes.
  std::optional<ByteRange> first_missing(std::uint64_t end, std::uint64_t longest,
                                         const std::vector<ByteRange>& others) const;

 private:
  std::map<std::uint64_t, std::uint64_t> ranges_;  // from begin to end
};

}  // namespace virnucpro
