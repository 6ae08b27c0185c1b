// How much of a batch one worker takes at a time when batches are sized by time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace virnucpro {

/// The tokens of one encoder that one worker computes in about 20 seconds, judged by its last
/// batch. A kill loses no more than that, and on slow devices progress is seen to move. Fast
/// devices are not slowed down.
class BatchPace {
 public:
  static constexpr std::int64_t kNoBound = std::numeric_limits<std::int64_t>::max();

  /// `first`: tokens of the first batch, before anything is known.
  explicit BatchPace(std::int64_t first) : tokens_(first) {}

  std::int64_t tokens() const { return tokens_; }

  void computed(std::int64_t tokens, double seconds) {
    const double in_time = static_cast<double>(tokens) * kSeconds / std::max(seconds, 1e-9);
    tokens_ = in_time < kMostTokens ? std::max<std::int64_t>(1, static_cast<std::int64_t>(in_time))
                                    : kNoBound;
  }

 private:
  static constexpr double kSeconds = 20.0;
  static constexpr double kMostTokens = 1e12;  // more than any batch has

  std::int64_t tokens_;
};

}  // namespace virnucpro
