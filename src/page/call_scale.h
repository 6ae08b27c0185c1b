// How many records and bases are viral at any threshold: what the slider of report.html counts.
#pragma once

#include <cstdint>
#include <map>

namespace virnucpro {

/// Records and bases by the value that calls follow, in bins around the threshold of the run: bin 0
/// begins at it, so that the numbers there are exact. Memory is bounded by the range of values.
class CallScale {
 public:
  struct Bin {
    std::uint64_t records = 0;
    std::uint64_t bases = 0;
  };

  /// Values from `anchor` on, in bins of `1 / per_one`, which must be finite.
  CallScale(double anchor, double per_one) : anchor_(anchor), per_one_(per_one) {}

  void add(double value, std::uint64_t bases);
  /// The same where calls follow this scale: what is called lies from bin 0 on, what is not, below,
  /// whatever rounding would say.
  void add_called(double value, std::uint64_t bases, bool is_viral);

  double anchor() const { return anchor_; }
  double per_one() const { return per_one_; }
  const std::map<std::int64_t, Bin>& bins() const { return bins_; }

 private:
  std::int64_t bin_of(double value) const;
  void count(std::int64_t bin, std::uint64_t bases);

  double anchor_;
  double per_one_;
  std::map<std::int64_t, Bin> bins_;
};

}  // namespace virnucpro
