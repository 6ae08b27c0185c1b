// Random numbers that are the same on every system.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace virnucpro {

/// The standard defines this generator exactly but leaves distributions open, hence the functions
/// here. A copy continues with the same numbers.
class Random {
 public:
  explicit Random(std::uint64_t seed) : generator_(seed) {}

  std::uint64_t bits() { return generator_(); }

  /// In [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  /// In [0, bound). The remainder's bias is below bound / 2^64.
  std::uint64_t below(std::uint64_t bound) { return bits() % bound; }

  template <typename T>
  void shuffle(std::vector<T>& values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::mt19937_64 generator_;
};

}  // namespace virnucpro
