// Quantiles of cosines near 1, in a few kilobytes for any number of them.
#pragma once

#include <cstdint>
#include <vector>

namespace virnucpro {

/// A histogram of 1 - cosine in logarithmic steps of 2 %, from 1e-12 to 2: a quantile's distance
/// from 1 is known to that share. Not thread-safe.
class CosineQuantiles {
 public:
  CosineQuantiles();

  void add(double cosine);
  std::uint64_t count() const { return count_; }
  /// The cosine that `share` (0 to 1) of them do not exceed; 1 where there is none.
  double quantile(double share) const;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
};

}  // namespace virnucpro
