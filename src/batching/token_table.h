// The token ids of a window of sequences, one after the other in a single allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace virnucpro {

/// A sequence is known by its position. Cleared and refilled, the table stops allocating. Thread-
/// confined while it grows, then readable by any number of threads.
class TokenTable {
 public:
  void clear() {
    tokens_.clear();
    lengths_.clear();
    starts_.clear();
  }

  /// Lets `encode(std::vector<std::int32_t>&)` append the ids of the next sequence.
  template <typename Encode>
  void append(Encode&& encode) {
    const std::size_t start = tokens_.size();
    encode(tokens_);
    starts_.push_back(start);
    lengths_.push_back(static_cast<std::int32_t>(tokens_.size() - start));
  }

  /// Appends the sequences of another table.
  void append_all(const TokenTable& others) {
    const std::size_t first = tokens_.size();
    tokens_.insert(tokens_.end(), others.tokens_.begin(), others.tokens_.end());
    lengths_.insert(lengths_.end(), others.lengths_.begin(), others.lengths_.end());
    for (const std::size_t start : others.starts_) starts_.push_back(first + start);
  }

  std::size_t size() const { return lengths_.size(); }
  std::uint64_t token_count() const { return tokens_.size(); }
  std::span<const std::int32_t> lengths() const { return lengths_; }
  std::span<const std::int32_t> sequence(std::size_t i) const {
    return {tokens_.data() + starts_[i], static_cast<std::size_t>(lengths_[i])};
  }

 private:
  std::vector<std::int32_t> tokens_;
  std::vector<std::int32_t> lengths_;
  std::vector<std::size_t> starts_;
};

}  // namespace virnucpro
